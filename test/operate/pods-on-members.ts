import { randomUUID } from 'node:crypto';
import type { PodSetView } from '../../src/cluster/pod-set.ts';
import type { PodSetPort } from '../../src/operate/pod-set-port.ts';
import { findBinaries } from '../real/binaries.ts';
import type { RealMember } from '../real/cluster.ts';

/** What a test sees of the double. */
export interface PodsOnMembers {
  readonly port: PodSetPort;
  readonly view: () => PodSetView;
  /** `partition 2`, `made m3 new`, `ended m3`. */
  readonly calls: string[];
  /** Etcd of a pod of the newest template does not start. */
  broken: boolean;
  /** Somebody changes the template once more. */
  changeTemplate(): void;
  /** Etcd of a pod that was left broken starts, of the template before. */
  mend(): Promise<void>;
  /** All that Kubernetes is at is done. */
  settled(): Promise<void>;
}

/** Does what the controller of a StatefulSet does, with real etcds in place of pods: those of the newest template run 3.5. */
export function podsOnMembers(members: readonly RealMember[]): PodsOnMembers {
  const calls: string[] = [];
  let [partition, updateRevision] = [members.length, 'new'];
  const pods = members.map(({ name }, ordinal) => ({ name, ordinal, revision: 'old', uid: randomUUID() }));
  /** So many times more the change is not seen by the controller yet. */
  let unseen = 0;
  let atRest: number | undefined;
  let working = Promise.resolve();

  const make = async (index: number): Promise<void> => {
    const [member, pod] = [members[index], pods[index]];
    if (member === undefined || pod === undefined) throw new Error(`there is no pod ${index}`);
    await member.kill();
    pod.revision = index >= partition ? updateRevision : 'old';
    pod.uid = randomUUID();
    calls.push(`made ${member.name} ${pod.revision}`);
    if (pod.revision === 'old') await member.start();
    else if (!at.broken) await member.start({ etcd: findBinaries('3.5').etcd });
  };
  const roll = async (): Promise<void> => {
    for (let index = pods.length - 1; index >= partition; index -= 1) {
      if (pods[index]?.revision === updateRevision) continue;
      await make(index);
      // One that is not ready keeps the next ones from their turn.
      if (at.broken) return;
    }
  };
  const view = (): PodSetView => ({
    ...{ name: 'm', firstOrdinal: 0, replicas: pods.length, updateRevision, partition },
    currentRevision: pods.every(({ revision }) => revision === updateRevision) ? updateRevision : 'old',
    ...(atRest === undefined ? {} : { partitionAtRest: atRest }),
    pods: pods.map(({ name, ordinal, revision, uid }) => ({
      ...{ name, ordinal },
      found: { uid, revision, isReady: !(at.broken && revision === updateRevision), isDeleted: false, hasVolume: true },
    })),
  });
  const change = (index: number, rest: number | undefined): void => {
    [partition, atRest, unseen] = [index, rest, 2];
    calls.push(`partition ${index}`);
    working = working.then(roll);
  };
  const at: PodsOnMembers = {
    calls,
    view,
    broken: false,
    changeTemplate: () => {
      updateRevision = `${updateRevision}er`;
    },
    mend: async () => {
      await working;
      for (const [index, pod] of pods.entries()) {
        if (pod.revision === 'old') continue;
        pod.revision = 'old';
        await members[index]?.start();
      }
    },
    settled: () => working,
    port: {
      look: async () => {
        const { updateRevision: newest, ...rest } = view();
        if (unseen === 0) return { ...rest, ...(newest === undefined ? {} : { updateRevision: newest }) };
        unseen -= 1;
        return rest;
      },
      lowerPartition: async ({ index, atRest: rest }, { check }) => {
        check();
        change(index, rest);
      },
      holdBack: async (index, { check }) => {
        check();
        change(index, undefined);
      },
      endPod: async ({ name, uid }, { check }) => {
        check();
        const index = pods.findIndex((pod) => pod.name === name && pod.uid === uid);
        calls.push(`ended ${name}`);
        working = working.then(() => make(index));
      },
      planRelease: async () => undefined,
      release: async () => 'nothing',
    },
  };
  return at;
}

import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TendedMember } from '../healing/tended-cluster.ts';
import { findBinaries } from '../real/binaries.ts';
import type { ApiAnswer, ControlPlane } from './control-plane.ts';

const NAMESPACE = 'etcd';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const CLAIMS = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`;
const LOOK_MS = 200;

/** A pod that runs here. */
interface Running {
  readonly uid: string;
  readonly member: TendedMember;
  readonly volume: string;
  ending?: Promise<void>;
}

/**
 * Stands in for the scheduler, the kubelets, and a provisioner of local disks: each pod of the StatefulSet is a real agent with a real etcd on
 * this machine, whose version the pod's annotation says. Each claim gets a volume on one node, with a folder of its own; a pod goes where its
 * volume is. Whoever starts it disposes of it.
 */
export class Kubelet implements AsyncDisposable {
  readonly #plane: ControlPlane;
  readonly #member: (pod: string) => TendedMember;
  readonly #running = new Map<string, Running>();
  readonly #ending = new AbortController();
  /** Nodes that are switched off: nothing is done there any more. */
  readonly #dead = new Set<string>();
  readonly #working: Promise<void>;
  /** What did not work, for whoever wonders why a test waits. */
  readonly problems = new Set<string>();

  constructor(plane: ControlPlane, member: (pod: string) => TendedMember) {
    this.#plane = plane;
    this.#member = member;
    this.#working = this.#work();
  }

  /** The machine is gone at once, and everything on it. */
  async powerOff(node: string): Promise<void> {
    this.#dead.add(node);
    for (const [pod, { member }] of this.#running) {
      if ((await this.nodeOf(pod)) !== node) continue;
      await member.killAgent();
      member.killEtcd();
      this.#running.delete(pod);
    }
  }

  async nodeOf(pod: string): Promise<string | undefined> {
    return (await this.#plane.call('GET', `${PODS}/${pod}`)).body?.spec?.nodeName;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#working;
    await Promise.all([...this.#running.values()].map(({ ending }) => ending));
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      // An API server that is away is asked again; what runs goes on.
      await this.#look().catch((error: unknown) => this.problems.add(String(error)));
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { items: claims } = await this.#plane.done('GET', CLAIMS);
    for (const claim of claims) if (claim.spec.volumeName === undefined) await this.#provide(claim);
    const { items: pods } = await this.#plane.done('GET', PODS);
    const there = new Set(pods.map((pod: ApiAnswer['body']) => pod.metadata.uid));
    for (const [name, running] of [...this.#running]) if (!there.has(running.uid)) this.#end(name, running);
    for (const pod of pods) await this.#see(pod);
  }

  /** A volume on the first node that has none of this set. */
  async #provide({ metadata, spec }: ApiAnswer['body']): Promise<void> {
    const { items: volumes } = await this.#plane.done('GET', '/api/v1/persistentvolumes');
    const { items: nodes } = await this.#plane.done('GET', '/api/v1/nodes');
    const taken = new Set(
      volumes
        .filter((volume: ApiAnswer['body']) => !['Released', 'Failed'].includes(volume.status?.phase))
        .map((volume: ApiAnswer['body']) => nodeOfVolume(volume)),
    );
    const free = nodes
      .map((node: ApiAnswer['body']) => node.metadata.name)
      .find((name: string) => !taken.has(name) && !this.#dead.has(name));
    if (free === undefined) return;
    await this.#plane.done('POST', '/api/v1/persistentvolumes', {
      metadata: { name: `pv-${metadata.uid}` },
      spec: {
        capacity: { storage: spec.resources.requests.storage },
        accessModes: spec.accessModes,
        persistentVolumeReclaimPolicy: 'Delete',
        claimRef: { namespace: NAMESPACE, name: metadata.name, uid: metadata.uid },
        local: { path: '/var/lib/nowhere' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [free] }] },
            ],
          },
        },
      },
    });
  }

  async #see(pod: ApiAnswer['body']): Promise<void> {
    const { name, uid, deletionTimestamp } = pod.metadata;
    const running = this.#running.get(name);
    if (deletionTimestamp !== undefined) {
      if (pod.spec.nodeName !== undefined && this.#dead.has(pod.spec.nodeName)) return;
      if (running !== undefined && running.uid === uid) this.#end(name, running);
      else if (running === undefined) await this.#gone(name, uid);
      return;
    }
    if (pod.spec.nodeName === undefined) return await this.#schedule(pod);
    if (this.#dead.has(pod.spec.nodeName)) return;
    if (running === undefined) return await this.#startPod(pod);
    if (running.uid === uid && running.ending === undefined) await this.#report(pod, running);
  }

  /** Where its volume is. */
  async #schedule({ metadata, spec }: ApiAnswer['body']): Promise<void> {
    const volume = await this.#volumeOf(spec);
    const node = volume === undefined ? undefined : nodeOfVolume(volume);
    if (node === undefined || (await this.#plane.call('GET', `/api/v1/nodes/${node}`)).status !== 200) return;
    const target = { apiVersion: 'v1', kind: 'Node', name: node };
    await this.#plane.done('POST', `${PODS}/${metadata.name}/binding`, {
      ...{ apiVersion: 'v1', kind: 'Binding', metadata: { name: metadata.name }, target },
    });
  }

  async #volumeOf(spec: ApiAnswer['body']): Promise<ApiAnswer['body']> {
    const claimName = spec.volumes.find((volume: ApiAnswer['body']) => volume.persistentVolumeClaim !== undefined)
      ?.persistentVolumeClaim.claimName;
    const claim = await this.#plane.call('GET', `${CLAIMS}/${claimName}`);
    if (claim.status !== 200 || claim.body.status?.phase !== 'Bound') return undefined;
    return (await this.#plane.call('GET', `/api/v1/persistentvolumes/${claim.body.spec.volumeName}`)).body;
  }

  async #startPod(pod: ApiAnswer['body']): Promise<void> {
    const { name, uid, annotations = {} } = pod.metadata;
    const volume = await this.#volumeOf(pod.spec);
    if (volume === undefined) return;
    const member = this.#member(name);
    await mounted(member, volume.metadata.name);
    const version = annotations['etcd-caretaker.io/etcd-version'] ?? '';
    await rm(member.etcdLink, { force: true });
    // A version that nobody has: an image with an etcd that does not start.
    const etcd = /^3\.[45]\./.test(version)
      ? findBinaries(version.startsWith('3.4') ? '3.4' : '3.5').etcd
      : '/bin/false';
    await symlink(etcd, member.etcdLink);
    this.#running.set(name, { uid, member, volume: volume.metadata.name });
    member.startAgent();
  }

  /** As s6 does: an agent that has ended is started again. */
  async #report(pod: ApiAnswer['body'], { member }: Running): Promise<void> {
    member.startAgent();
    const ready = await isReady(join(member.folder, 'agent.sock'));
    const before = pod.status?.conditions?.find(({ type }: { type: string }) => type === 'Ready')?.status;
    const now = ready ? 'True' : 'False';
    if (before === now && pod.status.phase === 'Running') return;
    await this.#plane.done('PATCH', `${PODS}/${pod.metadata.name}/status`, {
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: now, lastTransitionTime: new Date().toISOString() }],
      },
    });
  }

  #end(name: string, running: Running): void {
    running.ending ??= (async () => {
      await running.member.killAgent('SIGTERM');
      running.member.killEtcd();
      this.#running.delete(name);
      await this.#gone(name, running.uid).catch(() => undefined);
    })();
  }

  async #gone(name: string, uid: string): Promise<void> {
    await this.#plane.call('DELETE', `${PODS}/${name}`, {
      ...{ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } },
    });
  }
}

function nodeOfVolume({ spec }: ApiAnswer['body']): string | undefined {
  return spec.nodeAffinity?.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values[0];
}

/** Has the member find the files of this volume where it looks for its own; those of another one stay in a folder of that one's name. */
async function mounted(member: TendedMember, volume: string): Promise<void> {
  const mark = join(member.folder, 'volume');
  const before = await readFile(mark, 'utf8').catch(() => undefined);
  if (before === volume) return;
  const parts = [member.dataDir, member.stateDir];
  if (before !== undefined) {
    await mkdir(join(member.folder, before));
    for (const part of parts)
      if (existsSync(part)) await rename(part, join(member.folder, before, part.split('/').at(-1) ?? ''));
  }
  const kept = join(member.folder, volume);
  for (const part of parts) {
    const file = join(kept, part.split('/').at(-1) ?? '');
    if (existsSync(file)) await rename(file, part);
  }
  await writeFile(mark, volume);
}

/** What a readiness probe asks. */
async function isReady(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const asked = request({ socketPath, path: '/readyz', signal: AbortSignal.timeout(2000) }, (reply) => {
    reply.resume();
    resolve(reply.statusCode === 200);
  });
  asked.once('error', () => resolve(false));
  asked.end();
  return await promise;
}

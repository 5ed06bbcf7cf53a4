import type { Observation } from '../../cluster/observation.ts';
import type { CertificateReading, DeviceCounters, RoleDevice } from '../../cluster/sections.ts';
import { diagnosisOf } from '../diagnosis.ts';
import { isoTime } from '../iso-time.ts';
import { peerLinks } from './peer-links.ts';
import { readAtMonotonicMs } from './read-at.ts';
import type { MemberBrief } from './words.ts';

/** What is kept of an observation for the rates of the next one. */
export interface DiskCounters extends Pick<Observation, 'observedAtMs' | 'observedAtMonotonicMs'> {
  readonly sections: Pick<Observation['sections'], 'disk'>;
}

/**
 * What an agent knows of its member, in brief. Pure.
 * @param previous an observation that has an earlier reading of the disk, for what is a rate of counters; without it there are none
 */
export function memberBrief(observation: Observation, previous?: DiskCounters): MemberBrief {
  const { member, agentVersion, observedAtMs, sections, diagnosis } = observation;
  const memberId = ownMemberId(observation);
  const quota = sections.quota?.value;
  const startedAtMs = sections.process?.value?.startedAtMs;
  const certificate = firstToEnd(sections.certificates?.value?.certificates ?? []);
  const peers = sections.peers?.value;
  return {
    member,
    ...(memberId === undefined ? {} : { memberId }),
    agentVersion,
    observedAt: isoTime(observedAtMs),
    ...(startedAtMs === undefined ? {} : { etcdStartedAt: isoTime(startedAtMs) }),
    latency: latencyOf(observation),
    disks: disksOf(observation, previous),
    ...(quota === undefined ? {} : { quota }),
    ...(certificate === undefined ? {} : { certificate }),
    peers: peers === undefined ? [] : peerLinks(peers),
    causes: diagnosis === undefined ? [] : diagnosisOf(observation).causes,
  };
}

/** The id of the member that an agent stands beside: as it says itself, else as the list has it under its name. */
export function ownMemberId({ member, sections }: Observation): string | undefined {
  const listed = sections.cluster?.value?.members.find(({ name }) => name === member);
  return sections.member?.value?.status.memberId ?? listed?.id;
}

function latencyOf({ sections }: Observation): MemberBrief['latency'] {
  const { walFsyncP99Seconds, backendCommitP99Seconds } = sections.wal?.value ?? {};
  const linearizableReadSeconds = sections.member?.value?.linearizableReadSeconds;
  return {
    ...(walFsyncP99Seconds === undefined ? {} : { walFsyncP99Seconds }),
    ...(backendCommitP99Seconds === undefined ? {} : { backendCommitP99Seconds }),
    ...(linearizableReadSeconds === undefined ? {} : { linearizableReadSeconds }),
  };
}

function disksOf(observation: Observation, previous: DiskCounters | undefined): MemberBrief['disks'] {
  const { disk, filesystem } = observation.sections;
  const filesystems = filesystem?.value?.filesystems ?? [];
  const devices: readonly Pick<RoleDevice, 'role' | 'device' | 'model' | 'counters'>[] = disk?.value?.devices ?? [];
  const [now, then] = [disk, previous?.sections.disk];
  const seconds =
    now === undefined || then === undefined || previous === undefined
      ? 0
      : (readAtMonotonicMs(observation, now) - readAtMonotonicMs(previous, then)) / 1000;
  const roles = new Set([...devices, ...filesystems].map(({ role }) => role));
  return [...roles].map((role) => {
    const { device, model, counters } = devices.find((each) => each.role === role) ?? {};
    const space = filesystems.find((each) => each.role === role);
    const before = previous?.sections.disk?.value?.devices.find((each) => each.role === role);
    const same = device !== undefined && before?.device === device;
    return {
      role,
      ...(device === undefined ? {} : { device }),
      ...(model === undefined ? {} : { model }),
      ...(space === undefined ? {} : { sizeBytes: space.sizeBytes, availableBytes: space.availableBytes }),
      ...(same ? workOf(counters, before?.counters, seconds) : {}),
    };
  });
}

/** What a device had to do between two readings; nothing where its counters began anew. */
function workOf(
  now: DeviceCounters | undefined,
  before: DeviceCounters | undefined,
  seconds: number,
): { readonly busyRatio?: number; readonly writesPerSecond?: number } {
  if (now === undefined || before === undefined || seconds <= 0) return {};
  const busySeconds = now.ioTimeSeconds - before.ioTimeSeconds;
  const writes = now.writesCompleted - before.writesCompleted;
  if (busySeconds < 0 || writes < 0) return {};
  return { busyRatio: Math.min(1, busySeconds / seconds), writesPerSecond: writes / seconds };
}

function firstToEnd(certificates: readonly CertificateReading[]): MemberBrief['certificate'] {
  const first = certificates.toSorted((a, b) => a.notAfterMs - b.notAfterMs)[0];
  return first && { role: first.role, subject: first.subject, notAfter: isoTime(first.notAfterMs) };
}

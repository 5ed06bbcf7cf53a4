import type { AgentRecord, Decision, HistoryEntry, RequestRecord, Slot } from '../../src/cluster/caretaking.ts';
import { candidateId } from '../../src/cluster/caretaking.ts';
import type { OwnMemberView } from '../../src/cluster/own-member.ts';
import type { CandidateState, ClusterState, MemberObserved, MemberState } from '../../src/cluster/state.ts';
import type { DecideSettings, MaintenanceWindow } from '../../src/decide/settings.ts';

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** A Wednesday, 12:00 UTC. */
export const NOW_MS = Date.UTC(2026, 6, 15, 12, 0);

export const operations = {
  nospace: 1,
  replace: 1,
  release: 1,
  join: 1,
  leave: 1,
  'member-update': 1,
  restart: 1,
  upgrade: 1,
  rollout: 1,
  compaction: 1,
  defrag: 1,
  'move-leader': 1,
  'hash-check': 1,
  snapshot: 1,
  drill: 1,
};

export function agent(n: number, more: Partial<AgentRecord> = {}): AgentRecord {
  return {
    memberId: `${n}`,
    member: `m${n}`,
    instance: `i${n}`,
    url: `http://127.0.0.1:${n}`,
    version: '1.0.0',
    operations,
    role: 'default',
    startedAtMs: 0,
    ...more,
  };
}

export function observed(more: Partial<MemberObserved> = {}): MemberObserved {
  return {
    ageSeconds: 2,
    walFsyncP99Seconds: 0.002,
    quorumRttSeconds: 0.001,
    dataAvailableBytes: 100 * GiB,
    defragInflight: false,
    compactRevision: 100_000n,
    settings: {},
    ...more,
  };
}

/** A healthy member with nothing to be done; number 1 is the raft leader. */
export function member(n: number, more: Partial<MemberState> = {}): MemberState {
  return {
    id: `${n}`,
    name: `m${n}`,
    clientUrls: [`http://127.0.0.1:${n}0`],
    peerUrls: [`http://127.0.0.1:${n}1`],
    isLearner: false,
    isLeader: n === 1,
    reachable: true,
    healthy: true,
    version: '3.5.30',
    lagEntries: 0n,
    revision: 200_000n,
    dbSizeBytes: 100 * MiB,
    dbSizeInUseBytes: 95 * MiB,
    quotaBytes: 2 * GiB,
    agent: agent(n),
    observed: observed(),
    ...more,
  };
}

/** What the agent of a member that runs says of it, and which it could start anew. */
export function own(n: number, more: Partial<OwnMemberView> = {}): OwnMemberView {
  const ids = { clusterId: 'c1', memberId: `${n}` };
  return {
    kind: 'child',
    process: { state: 'running', pid: n, adopted: false },
    dataDir: { state: 'intact', ...ids, raftTerm: 4n, commitIndex: 9n, lastIndex: 9n, lastTerm: 4n },
    bootstrapped: true,
    identity: ids,
    restarts: 0,
    quarantine: [],
    ...more,
  };
}

/** A healthy member whose agent could start it anew. */
export function supervised(n: number, more: Partial<MemberState> = {}): MemberState {
  return member(n, { observed: observed({ own: own(n) }), ...more });
}

/** A voter that answers nobody, of whom its own agent says this; without a view its agent is away too. */
export function broken(n: number, view?: Partial<OwnMemberView>, more: Partial<MemberState> = {}): MemberState {
  const {
    version: _v,
    lagEntries: _l,
    dbSizeBytes: _s,
    dbSizeInUseBytes: _u,
    agent: _a,
    observed: _o,
    ...rest
  } = member(n);
  return {
    ...rest,
    reachable: false,
    healthy: false,
    fault: 'connection refused',
    silence: { seconds: 10, observers: 2, silentTo: 2 },
    ...(view === undefined
      ? {}
      : { agent: agent(n), observed: observed({ own: own(n, { process: { state: 'stopped' }, ...view }) }) }),
    ...more,
  };
}

/** An agent that wants its member to be taken in. */
export function candidate(
  name: string,
  view: Partial<OwnMemberView> = {},
  peerUrl = `http://${name}:2380`,
): CandidateState {
  const memberId = candidateId(name);
  const { identity: _i, ...empty } = own(0, {
    process: { state: 'stopped' },
    dataDir: { state: 'empty' },
    bootstrapped: false,
  });
  return {
    agent: { ...agent(0), memberId, member: name, instance: name, candidate: { peerUrls: [peerUrl] } },
    observed: observed({ own: { ...empty, ...view } }),
  };
}

/** An armed cluster of healthy members in which nothing is to be done. */
export function state(
  members: readonly MemberState[] = [1, 2, 3].map((n) => member(n)),
  more: Partial<ClusterState> = {},
): ClusterState {
  const voters = members.filter(({ isLearner }) => !isLearner);
  return {
    nowMs: NOW_MS,
    monotonicMs: 10_000_000,
    clusterId: 'c1',
    linearizable: true,
    members,
    candidates: [],
    voters: voters.length,
    learners: members.length - voters.length,
    votersReachable: voters.filter(({ reachable }) => reachable).length,
    quorumSize: Math.floor(voters.length / 2) + 1,
    raftTerm: 4n,
    termStableSeconds: 3600,
    membersStableSeconds: 3600,
    leaderId: '1',
    revision: 200_000n,
    alarms: [],
    alarmsUnknown: false,
    revisions: [
      { ageSeconds: 5, revision: 200_000n },
      { ageSeconds: 600, revision: 150_000n },
      { ageSeconds: 3600, revision: 100_010n },
    ],
    foreign: [],
    kubernetesCompacts: false,
    largestPrefixes: [],
    leader: { memberId: '1', member: 'm1', instance: 'i1', epoch: 7n, sinceMs: 0 },
    epoch: 7n,
    ownOperations: operations,
    // The hash check and the drill are done for today.
    history: [
      entry('hash-check', { endedAtMs: NOW_MS - HOUR_MS, revision: 1n }),
      entry('drill', { endedAtMs: NOW_MS - HOUR_MS, revision: 2n }),
    ],
    requests: [],
    armed: { atMs: 0, epoch: 1n, members: members.map(({ id }) => id) },
    readySeconds: 7200,
    resumedRevision: 0n,
    unreadable: [],
    ...more,
  };
}

let entries = 0;

export function entry(operation: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  entries += 1;
  return {
    revision: BigInt(1000 + entries),
    id: `h${entries}`,
    operation,
    outcome: 'succeeded',
    epoch: 7n,
    holder: '1',
    targets: [],
    startedAtMs: NOW_MS - HOUR_MS,
    endedAtMs: NOW_MS - HOUR_MS,
    seconds: 1,
    reasons: [],
    summary: 'as it was',
    steps: [],
    figures: {},
    ...more,
  };
}

export function slot(operation: string, more: Partial<Slot> = {}): Slot {
  return {
    id: 's1',
    operation,
    operationVersion: 1,
    targets: [],
    phase: 'taken',
    epoch: 7n,
    holder: '1',
    startedAtMs: NOW_MS - 90_000,
    phaseAtMs: NOW_MS - 90_000,
    reasons: [],
    parameters: {},
    progress: {},
    steps: [],
    ...more,
  };
}

export function request(operation: string, more: Partial<RequestRecord> = {}): RequestRecord {
  return { id: 'r1', operation, by: 'alice', atMs: NOW_MS, ...more };
}

export const nightly: MaintenanceWindow = {
  start: '0 2 * * *',
  durationMs: 2 * HOUR_MS,
  timezone: 'UTC',
  text: '0 2 * * * for 2h',
};

/** Open at `NOW_MS`. */
export const noon: MaintenanceWindow = { ...nightly, start: '0 11 * * *', text: '0 11 * * * for 2h' };

export const settings: DecideSettings = {
  mode: 'auto',
  policies: {
    nospace: 'auto',
    replace: 'auto',
    release: 'auto',
    join: 'auto',
    leave: 'auto',
    'member-update': 'auto',
    restart: 'auto',
    upgrade: 'auto',
    rollout: 'auto',
    compaction: 'auto',
    defrag: 'auto',
    'move-leader': 'auto',
    'hash-check': 'auto',
    snapshot: 'auto',
    drill: 'auto',
  },
  armAfterMs: 30 * MINUTE_MS,
  settleMs: 30_000,
  operationsPerDay: 24,
  breakerFailures: 3,
  windows: [],
  compaction: { keepMs: HOUR_MS, keepRevisions: 1000, minRevisions: 1000, coolDownMs: 30 * MINUTE_MS },
  defrag: {
    minReclaimableBytes: 100 * MiB,
    minReclaimableRatio: 0.4,
    quotaPressureRatio: 0.8,
    coolDownMs: 6 * HOUR_MS,
    maxPauseMs: 10_000,
    withoutSpare: false,
  },
  nospace: { compactOlderThanMs: 10 * MINUTE_MS, disarmBelowRatio: 0.8 },
  moveLeader: { factor: 3, minFsyncMs: 20, minRttMs: 20, rounds: 12, coolDownMs: HOUR_MS },
  restart: { withoutSpare: false },
  hashCheck: { everyMs: 24 * HOUR_MS, maxStallMs: 500 },
  backups: {
    stores: 1,
    fullSchedule: { crontab: '17 */6 * * *', timezone: 'UTC', text: '17 */6 * * *' },
    drillSchedule: { crontab: '43 3 * * *', timezone: 'UTC', text: '43 3 * * *' },
  },
  heal: { replaceAfterMs: 5 * MINUTE_MS, maxPerDay: 3, withoutBackup: false },
};

/** `hold MEMBER_LAGS LEARNER_PRESENT`: a decision in one line for tables. */
export function short({ decision, reasons, page }: Decision): string {
  return [decision, ...(page === true ? ['page'] : []), ...new Set(reasons.map(({ code }) => code))].join(' ');
}

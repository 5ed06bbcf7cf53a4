import type { AsJson } from '../../../src/expose/as-json.ts';
import type { BackupPointsReply, SessionReply } from '../../../src/expose/live/words.ts';
import { ago, type FixtureParts, fixtureMember, fixtureSight, fixtureStatus, healthyParts } from './fixture-cluster.ts';

/** A situation in which the page is looked at. */
export interface Situation {
  readonly parts: (now: number) => FixtureParts;
  readonly session: AsJson<SessionReply>;
  readonly points: (now: number) => AsJson<BackupPointsReply>;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;

const mayAll: AsJson<SessionReply> = {
  token: 'none',
  mayRead: true,
  mayChange: true,
  caller: 'CN=ada',
  takes: { token: true, certificate: true },
};
const mayRead: AsJson<SessionReply> = {
  token: 'none',
  mayRead: true,
  mayChange: false,
  takes: { token: true, certificate: true },
};
const mayNothing: AsJson<SessionReply> = { ...mayRead, mayRead: false };

const command =
  'etcd-caretaker restore --config /etc/etcd-caretaker/agent.yaml --to-time {time} --data-dir /var/lib/etcd-restored';

/** Two stretches with a gap, four fulls. */
export function fixturePoints(now: number): AsJson<BackupPointsReply> {
  const full = (hours: number, revision: string) => ({ revision, at: ago(now, hours * HOUR), bytes: 322_000_000 });
  return {
    stores: [
      {
        store: 's3://backups/prod',
        timeline: 'a41b',
        readAt: ago(now, 1000),
        fulls: [full(72, '610000'), full(48, '690000'), full(24, '780000'), full(4, '900100')],
        stretches: [
          { fromRevision: '610000', toRevision: '735000', from: ago(now, 72 * HOUR), to: ago(now, 37 * HOUR) },
          { fromRevision: '780000', toRevision: '918440', from: ago(now, 24 * HOUR), to: ago(now, 600) },
        ],
      },
    ],
    commands: [command],
  };
}

const nothingStored = (now: number): AsJson<BackupPointsReply> => ({
  stores: [{ store: 's3://backups/prod', readAt: ago(now, 1000), fulls: [], stretches: [] }],
  commands: [command],
});

function healthyAnd(
  change: (parts: FixtureParts, now: number) => Partial<FixtureParts>,
): (now: number) => FixtureParts {
  return (now) => {
    const parts = healthyParts(now);
    return { ...parts, ...change(parts, now) };
  };
}

const {
  raftIndexLagEntries: _,
  revisionLag: __,
  version: ___,
  ...silent
} = fixtureMember(3, {
  role: 'unknown',
  reachable: false,
  healthy: false,
  fault: {
    code: 'ETCD_UNREACHABLE',
    message: 'Status on https://10.0.0.3:2379: the connection was refused: nothing listens there',
  },
});

const m3Down: ReturnType<typeof fixtureMember> = silent;

const memberDown = healthyAnd((_, now) => ({
  status: fixtureStatus(now, {
    quorum: { voters: 3, learners: 0, votersReachable: 2, size: 2, holds: true, faultTolerance: 0 },
    members: [fixtureMember(1), fixtureMember(2), m3Down],
    findings: [
      {
        collector: 'cluster',
        code: 'NO_SPARE_VOTER',
        severity: 'warning',
        message: 'The next loss of a voter stops all writes.',
        remedy: 'Bring m3 back, or let the agents replace it.',
      },
    ],
  }),
  members: [1, 2, 3].map((n) => {
    const sight = fixtureSight(n, now);
    const brief = sight.brief;
    if (brief === undefined) return sight;
    return n === 3
      ? {
          ...sight,
          silentSince: ago(now, 4 * MINUTE),
          fault: {
            code: 'AGENT_UNREACHABLE',
            message: 'The connection was refused.',
            remedy: 'Look whether the machine of m3 is there.',
          },
        }
      : {
          ...sight,
          brief: {
            ...brief,
            peers: brief.peers.map((peer) =>
              peer.member === 'm3'
                ? { member: 'm3', memberId: peer.memberId, fault: 'the connection was refused' }
                : peer,
            ),
            causes: [
              {
                verdict: 'machine-gone',
                member: 'm3',
                confidence: n === 2 ? 'certain' : 'likely',
                evidence: [
                  'neither etcd nor the agent of m3 answers for 4 min',
                  'its machine does not answer on any port',
                ],
                firstStep: 'Look at the console of the machine of m3.',
                rank: 1,
                since: ago(now, 4 * MINUTE),
              },
              {
                verdict: 'member-unreachable',
                member: 'm3',
                confidence: 'certain',
                evidence: ['Status had no answer for 4 min'],
                firstStep: 'Look at what is said of its machine.',
                rank: 2,
                since: ago(now, 4 * MINUTE),
                explainedBy: 'machine-gone',
              },
            ],
          },
        };
  }),
}));

const underWay = healthyAnd((parts, now) => ({
  operations: {
    ...('fault' in parts.operations ? { history: [] } : { history: parts.operations.history }),
    requests: [{ id: 'r9', operation: 'compaction', by: 'token (ada@db1)', atMs: now - 20_000 }],
    slot: {
      id: 'op-9',
      operation: 'defrag',
      operationVersion: 1,
      targets: ['8e9e05c52164693d', '8e9e05c52164691d'],
      phase: 'defragment',
      epoch: '14',
      holder: '8e9e05c52164692d',
      startedAtMs: now - 75_000,
      phaseAtMs: now - 12_000,
      reasons: ['22 % of m3 would be free again', 'the window 02:00–04:00 UTC is open'],
      requestedBy: 'token (ada@db1)',
      parameters: {},
      progress: {},
      steps: [
        { name: 'look', atMs: now - 75_000 },
        { name: 'defragment', memberId: '8e9e05c52164693d', atMs: now - 70_000, detail: '1.31 GiB' },
        { name: 'settle', memberId: '8e9e05c52164693d', atMs: now - 24_000 },
        { name: 'defragment', memberId: '8e9e05c52164691d', atMs: now - 12_000, detail: '1.30 GiB' },
      ],
    },
  },
  status: fixtureStatus(now, {
    paused: { reason: 'the storage is being moved', by: 'token (ada@db1)', until: ago(now, -96 * MINUTE) },
  }),
}));

const nospace = healthyAnd((_, now) => ({
  status: fixtureStatus(now, {
    ownMember: { state: 'nospace', summary: 'follower, NOSPACE' },
    alarms: [{ memberId: '8e9e05c52164692d', member: 'm2', alarm: 'NOSPACE' }],
    findings: [
      {
        collector: 'member',
        code: 'NOSPACE',
        severity: 'critical',
        message: 'etcd refuses all writes: the alarm NOSPACE is raised by m2.',
        remedy:
          'The agents free space and disarm it by themselves; `etcd-caretaker explain nospace` says how far they are.',
      },
    ],
  }),
}));

const quorumLost = healthyAnd((_, now) => ({
  status: fixtureStatus(now, {
    cluster: { name: 'prod', id: 'c0ffee25745f1236', linearizable: false, listAgeSeconds: 61 },
    quorum: { voters: 3, learners: 0, votersReachable: 1, size: 2, holds: false, faultTolerance: 0 },
    ownMember: { state: 'no-quorum', summary: 'no leader' },
    members: [fixtureMember(1, { healthy: false }), { ...m3Down, id: '8e9e05c52164692d', name: 'm2' }, m3Down],
    journalConnected: false,
    recovery: {
      unattended: { mode: 'manual', afterMs: 600_000 },
      state: 'manual',
      reasons: [{ code: 'MANUAL', message: 'heal.quorumLoss is manual: a person has to say `recover`' }],
      lostAtMs: now - 9 * MINUTE,
      ended: { succeeded: 0, failed: 0 },
      doubts: [],
    },
    findings: [
      {
        collector: 'recovery',
        code: 'MANUAL',
        severity: 'critical',
        message: 'The lost quorum is not recovered (manual): heal.quorumLoss is manual.',
        remedy: '`etcd-caretaker recover` says what is to be done; docs/recovery.md what each reason means.',
      },
    ],
    faults: [
      {
        collector: 'keyspace',
        code: 'ETCD_NO_QUORUM',
        message: 'no quorum answers',
        remedy: 'Bring the quorum back first.',
      },
    ],
  }),
  decisions: { fault: { code: 'NO_LEADER', message: 'No agent leads: etcd has no quorum.' } },
  keyspace: { fault: { code: 'ETCD_NO_QUORUM', message: 'Keys cannot be read without a quorum.' } },
  members: [fixtureSight(1, now), ...[2, 3].map((n) => fixtureSight(n, now, { silentSince: ago(now, 9 * MINUTE) }))],
}));

const empty = (now: number): FixtureParts => ({
  status: fixtureStatus(now, {
    members: [fixtureMember(1, { role: 'leader', dbSizeBytes: 20_480, dbSizeInUseBytes: 16_384 })],
    quorum: { voters: 1, learners: 0, votersReachable: 1, size: 1, holds: true, faultTolerance: 0 },
    armed: false,
  }),
  members: [{ memberId: '8e9e05c52164691d', member: 'm1', own: true }],
  decisions: { decisions: [], arming: 'every voter has had an agent and health for 20 s of 10 min' },
  operations: { requests: [], history: [] },
  backups: { working: false, kinds: [], stores: [] },
  keyspace: {
    phase: 'current',
    scannedKeys: 0,
    revision: '1',
    depth: 2,
    totalKeys: 0,
    totalBytes: 0,
    prefixes: [],
    levels: [],
  },
  changes: [],
  history: [],
});

const agentSilent = healthyAnd((_, now) => ({
  members: [
    fixtureSight(1, now),
    fixtureSight(2, now),
    fixtureSight(3, now, {
      silentSince: ago(now, 11 * MINUTE),
      fault: {
        code: 'AGENT_UNREACHABLE',
        message: 'The agent beside m3 did not answer in time.',
        remedy: 'Start it again: systemctl restart etcd-caretaker on the machine of m3.',
      },
    }),
  ],
}));

/** Each by the name that the address of a look has. */
export const situations: Readonly<Record<string, Situation>> = {
  healthy: { parts: healthyParts, session: mayAll, points: fixturePoints },
  'member-down': { parts: memberDown, session: mayAll, points: fixturePoints },
  'under-way': { parts: underWay, session: mayAll, points: fixturePoints },
  nospace: { parts: nospace, session: mayAll, points: fixturePoints },
  'quorum-lost': { parts: quorumLost, session: mayAll, points: fixturePoints },
  empty: { parts: empty, session: mayAll, points: nothingStored },
  'agent-silent': { parts: agentSilent, session: mayAll, points: fixturePoints },
  'read-only': { parts: healthyParts, session: mayRead, points: () => ({ stores: [], commands: [] }) },
  'not-logged-in': { parts: healthyParts, session: mayNothing, points: fixturePoints },
};

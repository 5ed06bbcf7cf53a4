import fc from 'fast-check';
import { operationNames, type RequestRecord } from '../../src/cluster/caretaking.ts';
import type { PodSetView } from '../../src/cluster/pod-set.ts';
import type { ClusterState, MemberObserved, MemberState } from '../../src/cluster/state.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import {
  agent,
  broken,
  candidate,
  entry,
  GiB,
  MiB,
  member,
  NOW_MS,
  nightly,
  noon,
  observed,
  own,
  request,
  settings,
  slot,
  state,
  supervised,
} from './states.ts';

type Change = (given: ClusterState) => ClusterState;

/** Something to do in an otherwise healthy cluster of one to five voters: each of them makes one policy act, or several. */
const needs: readonly ((members: readonly MemberState[]) => ClusterState)[] = [
  (members) => state(members, { history: [] }),
  (members) => state(members, { revisions: [{ ageSeconds: 3700, revision: 150_000n }] }),
  (members) => state(members.map((one) => ({ ...one, dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 200 * MiB }))),
  (members) =>
    state(
      members.map((one) => ({ ...one, dbSizeBytes: 16 * MiB, dbSizeInUseBytes: 14 * MiB, quotaBytes: 16 * MiB })),
      { alarms: [{ memberId: '1', member: 'm1', alarm: 'NOSPACE' }] },
    ),
  (members) =>
    state(
      members.map((one) => (one.id === '1' ? seeing({ walFsyncP99Seconds: 0.2 })(one) : one)),
      { leaderWorstRounds: { fsync: 99, rtt: 0 } },
    ),
];

const asSupervised = (one: MemberState): MemberState => supervised(Number(one.id), { isLeader: one.isLeader });
const last = (members: readonly MemberState[]): number => members.length;

/** Something to heal, in a cluster whose agents can start their members. */
const ills: readonly ((members: readonly MemberState[]) => ClusterState)[] = [
  { dataDir: { state: 'empty' as const } },
  { dataDir: { state: 'corrupt' as const, part: 'wal' as const, problem: 'x' } },
].map(
  (view) => (members) =>
    state([...members.slice(0, -1).map(asSupervised), broken(last(members), view)], { unprotectedSeconds: 2 }),
);
const moreIlls: typeof ills = [
  (members) =>
    state(
      [
        ...members.slice(0, -1).map(asSupervised),
        broken(last(members), undefined, { silence: { seconds: 900, observers: 2, silentTo: 2 } }),
      ],
      { candidates: [candidate('m9')] },
    ),
  (members) =>
    state(members.map(asSupervised), {
      history: [
        entry('hash-check', {
          endedAtMs: NOW_MS,
          figures: { hashMismatch: 1, members: members.length, [`hashDiffers.${last(members)}`]: 1 },
        }),
      ],
    }),
  (members) => state(members.map(asSupervised), { candidates: [candidate('m9')] }),
  (members) =>
    state(
      members.map((one) =>
        supervised(Number(one.id), {
          isLeader: one.isLeader,
          observed: observed({ own: own(Number(one.id)), staleAuthorities: 'ca.crt has changed' }),
        }),
      ),
    ),
  ...['3.5.32', '3.6.6', '3.4.40'].map(
    (to) => (members: readonly MemberState[]) =>
      state(
        members.map((one) => ({ ...asSupervised(one), version: to === '3.6.6' ? '3.5.32' : '3.4.40' })),
        { requests: [request('upgrade', { to })] },
      ),
  ),
  (members) => state(members.map(asSupervised), { requests: [request('leave', { target: `${last(members)}` })] }),
  (members) =>
    state(
      members.map((one) =>
        supervised(Number(one.id), {
          observed: observed({ own: own(Number(one.id), { peerUrl: `http://moved:${one.id}` }) }),
        }),
      ),
    ),
];

const seeing =
  (more: Partial<MemberObserved>) =>
  (one: MemberState): MemberState => ({ ...one, observed: observed({ ...one.observed, ...more }) });

const without =
  (...fields: readonly (keyof MemberState)[]) =>
  (one: MemberState): MemberState =>
    Object.fromEntries(
      Object.entries(one).filter(([name]) => !fields.some((field) => field === name)),
    ) as unknown as MemberState;

/** What may be wrong with one member, or merely different. */
const memberChanges: readonly ((one: MemberState) => MemberState)[] = [
  (one) => ({ ...one, isLearner: true }),
  (one) => ({
    ...without('version', 'lagEntries', 'dbSizeBytes', 'dbSizeInUseBytes')(one),
    reachable: false,
    healthy: false,
  }),
  (one) => ({ ...one, healthy: false }),
  (one) => ({ ...one, lagEntries: 1001n }),
  (one) => ({ ...one, lagEntries: 1000n }),
  (one) => ({ ...one, version: '3.4.23' }),
  (one) => ({ ...one, version: '3.5.5' }),
  (one) => ({ ...one, version: 'x' }),
  (one) => ({ ...one, dbSizeBytes: 9 * GiB, dbSizeInUseBytes: 8 * GiB }),
  (one) => ({ ...one, dbSizeBytes: 0, dbSizeInUseBytes: 0 }),
  (one) => ({ ...one, quotaBytes: Number.POSITIVE_INFINITY }),
  without('quotaBytes'),
  without('lagEntries'),
  without('agent'),
  without('observed'),
  without('agent', 'observed'),
  (one) => ({ ...one, agent: agent(Number(one.id), { role: 'arbiter' }) }),
  (one) => ({ ...one, agent: agent(Number(one.id), { operations: {} }) }),
  seeing({ ageSeconds: 61 }),
  seeing({ dataAvailableBytes: 10 * MiB }),
  seeing({ defragInflight: true }),
  seeing({ compactRevision: 0n }),
  seeing({ compactRevision: 199_999n }),
  seeing({ localPause: 'x' }),
  seeing({ walFsyncP99Seconds: 0.0001 }),
  seeing({ settings: { 'auto-compaction-retention': '1h' } }),
  (one) => ({ ...one, silence: { seconds: 900, observers: 2, silentTo: 1 } }),
  (one) => broken(Number(one.id), { dataDir: { state: 'empty' } }),
  (one) => broken(Number(one.id), undefined, { silence: { seconds: 900, observers: 2, silentTo: 2 } }),
];

const anyRevisions = fc.array(
  fc.record({
    ageSeconds: fc.integer({ min: 0, max: 9999 }),
    revision: fc.bigInt({ min: 0n, max: 200_000n }),
  }),
  { maxLength: 5 },
);

const anyEntry = fc
  .record({
    operation: fc.constantFrom(...operationNames, 'pause', 'of-the-future'),
    outcome: fc.constantFrom('succeeded' as const, 'stopped' as const, 'failed' as const, 'refused' as const),
    endedAtMs: fc.integer({ min: -100, max: 3 }).map((hours) => NOW_MS + hours * 3_600_000),
    code: fc.constantFrom('NOSPACE_LIVE_DATA', 'X'),
    figure: fc.constantFrom(0, 1, Number.NaN, Number.POSITIVE_INFINITY, 1e8),
  })
  .map(({ figure, ...more }) =>
    entry(more.operation, { ...more, figures: { 'bytesPerSecond.1': figure, compactRevision: figure } }),
  );

const anyRequest: fc.Arbitrary<RequestRecord> = fc
  .record({
    operation: fc.constantFrom(...operationNames, 'of-the-future'),
    target: fc.constantFrom(undefined, '1', '2', '3', '9'),
    to: fc.constantFrom(undefined, '3.4.40', '3.5.30', '3.5.32', '3.6.6', 'x'),
  })
  .map(({ operation, target, to }) =>
    request(operation, { ...(target === undefined ? {} : { target }), ...(to === undefined ? {} : { to }) }),
  );

const only =
  (more: Partial<ClusterState>): Change =>
  (given) => ({ ...given, ...more });
const drop =
  (field: keyof ClusterState): Change =>
  (given) => {
    const { [field]: _left, ...rest } = given;
    return rest as ClusterState;
  };

/** A StatefulSet whose partition a rollout has left lowered. */
const lowered: PodSetView = {
  ...{ name: 'm', firstOrdinal: 1, replicas: 3, updateRevision: 'm-new', pods: [] },
  ...{ partition: 1, partitionAtRest: 1000 },
};

/** What may be wrong with the cluster, or merely different. */
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(4), fc.constantFrom(...memberChanges)).map(([at, change]) => changeMember(at, change)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      only({ linearizable: false }),
      only({ alarmsUnknown: true }),
      only({ termStableSeconds: 3 }),
      only({ membersStableSeconds: 3 }),
      only({ leaderId: '2' }),
      only({ leaderId: '9' }),
      only({ kubernetesCompacts: true }),
      only({ revision: 150_000n }),
      only({ slot: slot('defrag') }),
      only({ alarms: [{ memberId: '2', member: 'm2', alarm: 'CORRUPT' }] }),
      only({ alarms: [{ memberId: '9', member: '9', alarm: 'NOSPACE' }] }),
      only({ leaderWorstRounds: { fsync: 0, rtt: 99 } }),
      only({ resumedRevision: 10_000_000n }),
      only({ durableRevision: 120_000n }),
      only({ unprotectedSeconds: 3600 }),
      only({ candidates: [candidate('m8')] }),
      only({ unreadable: [{ key: 'slot', kind: 'garbage', message: 'x' }] }),
      only({ foreign: [{ code: 'FOREIGN_UPGRADE', message: 'x', policies: [...operationNames] }] }),
      only({ pause: { reason: 'x', by: 'bob', atMs: 0, untilMs: NOW_MS } }),
      only({ podSet: lowered }),
      drop('leaderId'),
      drop('armed'),
      drop('ownOperations'),
      drop('leader'),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.oneof(
      anyRevisions.map((revisions) => only({ revisions: revisions.toSorted((a, b) => a.ageSeconds - b.ageSeconds) })),
      fc.array(anyEntry, { maxLength: 6 }).map((history) => only({ history })),
      fc.array(anyRequest, { maxLength: 2 }).map((requests) => only({ requests })),
    ),
  },
);

/** Also counts anew what follows from the members. */
function changeMember(at: number, change: (one: MemberState) => MemberState): Change {
  return (given) => {
    const members = given.members.map((one, index) => (index === at % given.members.length ? change(one) : one));
    const { voters, learners, votersReachable, quorumSize } = state(members);
    return { ...given, members, voters, learners, votersReachable, quorumSize };
  };
}

/** A healthy cluster in which something is to be done, and then up to four things that are different. */
export const anyState: fc.Arbitrary<ClusterState> = fc
  .record({
    count: fc.constantFrom(1, 2, 3, 3, 3, 5),
    need: fc.constantFrom(...needs, ...ills, ...moreIlls),
    changes: fc.array(anyChange, { maxLength: 4 }),
  })
  .map(({ count, need, changes }) => {
    const members = Array.from({ length: count }, (_, index) => member(index + 1));
    return changes.reduce((given, change) => change(given), need(members));
  });

export const anySettings: fc.Arbitrary<DecideSettings> = fc
  .record({
    mode: fc.constantFrom('auto' as const, 'auto' as const, 'auto' as const, 'plan' as const),
    windows: fc.subarray([nightly, noon]),
    settleMs: fc.constantFrom(0, 30_000),
    withoutSpare: fc.boolean(),
    stores: fc.constantFrom(0, 1, 1),
    withoutBackup: fc.boolean(),
  })
  .map(({ withoutSpare, stores, withoutBackup, ...more }) => ({
    ...settings,
    ...more,
    defrag: { ...settings.defrag, withoutSpare },
    restart: { withoutSpare },
    backups: { ...settings.backups, stores },
    heal: { ...settings.heal, withoutBackup },
  }));

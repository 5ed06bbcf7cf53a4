import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import { foreignSigns } from '../../src/cluster/foreign-signs.ts';
import type { OwnMemberView } from '../../src/cluster/own-member.ts';
import type { PodSetView } from '../../src/cluster/pod-set.ts';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { decide } from '../../src/decide/decide.ts';
import { rolloutPolicy } from '../../src/decide/rollout.ts';
import { upgradePolicy } from '../../src/decide/upgrade.ts';
import { broken, candidate, entry, request, settings, short, state, supervised } from './states.ts';

const dead = { seconds: 900, observers: 2, silentTo: 2 };
const old = '3.4.40';
const newer = '3.5.30';

/** Of m-0 to m-2, of which these are of the newest template; the node of those in `gone` is gone. */
const podSet = (done: readonly number[], gone: readonly number[] = []): PodSetView => ({
  ...{ name: 'm', firstOrdinal: 0, replicas: 3, updateRevision: 'm-new', currentRevision: 'm-old' },
  ...{ partition: 1000, etcdVersion: newer },
  pods: [0, 1, 2].map((ordinal) => ({
    ...{ name: `m-${ordinal}`, ordinal },
    found: {
      uid: `u${ordinal}`,
      revision: done.includes(ordinal) ? 'm-new' : 'm-old',
      isReady: true,
      isDeleted: false,
      hasVolume: true,
    },
    ...(gone.includes(ordinal) ? { node: { verdict: 'gone' as const, proof: 'it is in no list' } } : {}),
  })),
});

const named = (index: number, version: string, more: Partial<MemberState> = {}): MemberState =>
  supervised(index + 1, { name: `m-${index}`, version, ...more });

/** One that answers nobody: without a view its agent is away too. */
function lost(index: number, view?: Partial<OwnMemberView>): MemberState {
  const one = broken(index + 1, view, { name: `m-${index}`, silence: dead });
  return one.agent === undefined ? one : { ...one, agent: { ...one.agent, member: `m-${index}` } };
}

/** As the policy would have it written down: the sentences are what is read again. */
function reasonsOf(done: readonly number[]): readonly string[] {
  const before = state([0, 1, 2].map((index) => named(index, done.includes(index) ? newer : old)));
  return rolloutPolicy({ ...before, podSet: podSet(done) }, settings).reasons.map(({ message }) => message);
}

const stopped = (taken: readonly number[]): HistoryEntry =>
  entry('rollout', {
    ...{ outcome: 'stopped', code: 'NOT_SETTLED', targets: ['3', '2', '1'], reasons: reasonsOf([]) },
    steps: taken.map((index) => ({ name: 'roll-pod', memberId: `${index + 1}`, atMs: 0 })),
  });

/** As the leading agent would put it together. */
function cluster(members: readonly MemberState[], more: Partial<ClusterState>): ClusterState {
  const given = state(members, { unprotectedSeconds: 2, ...more });
  return { ...given, foreign: foreignSigns({ ...given, marks: [], hands: [] }) };
}

const decided = (given: ClusterState, policy: string) =>
  decide(given, settings).decisions.findLast((each) => each.policy === policy);
const text = (given: ClusterState, policy: string): string => {
  const decision = decided(given, policy);
  return decision === undefined ? '' : short(decision);
};

describe('a rollout stopped half way, then a node gone', () => {
  const history = [stopped([2])];
  const gone = cluster([named(0, old), lost(1), named(2, newer)], { history, podSet: podSet([2], [1]) });
  const empty = { dataDir: { state: 'empty' as const } };
  const back = cluster([named(0, old), lost(1, empty), named(2, newer)], { history, podSet: podSet([2]) });

  it('lets go of the volume of its pod', () => {
    expect(text(gone, 'release')).toBe('act NODE_GONE');
  });

  it('lets go of it though somebody else upgrades, also for a person', () => {
    const foreign = cluster([named(0, old), lost(1), named(2, newer)], { history: [], podSet: podSet([2], [1]) });
    expect(foreign.foreign.map(({ code }) => code)).toEqual(['FOREIGN_UPGRADE']);
    expect(text(foreign, 'release')).toBe('act NODE_GONE');
    const asked = decide({ ...foreign, requests: [request('release', { target: '2' })] }, settings);
    expect(asked.chosen).toMatchObject({ policy: 'release', requestedBy: 'alice' });
  });

  it('replaces its member where the pod has come up elsewhere, in either version', () => {
    expect(text(back, 'replace')).toBe('act DATA_GONE VERSION_PRECAUTION');
    const { version, versions } = decided(back, 'replace')?.action?.parameters ?? {};
    expect([version, versions]).toEqual([old, [old, newer]]);
  });

  it('replaces no member beside an upgrade of somebody else’s', () => {
    const foreign = cluster([named(0, old), lost(1, empty), named(2, newer)], { history: [], podSet: podSet([2]) });
    expect(text(foreign, 'replace')).toBe('hold MIXED_VERSIONS DATA_GONE');
  });

  it('replaces the one that is done already too, in either version', () => {
    const done = cluster([named(0, old), named(1, old), lost(2, empty)], { history, podSet: podSet([2]) });
    expect(decided(done, 'replace')?.action?.parameters).toMatchObject({ version: old, versions: [old, newer] });
  });

  it('goes on with a learner that a replacement has left, and takes in no further one', () => {
    const steps = [{ name: 'learner-listed', memberId: '4', atMs: 0 }];
    const left = [entry('replace', { outcome: 'stopped', steps }), ...history];
    const learner = supervised(4, { name: 'm-1', version: old, isLearner: true });
    const given = cluster([named(0, old), named(2, newer), learner], { history: left, podSet: podSet([2]) });
    expect(text(given, 'join')).toBe('act LEARNER_LEFT VERSION_PRECAUTION');
    const larger = cluster([named(0, old), named(1, old), named(2, newer)], {
      ...{ history, podSet: podSet([2]) },
      candidates: [candidate('m-3')],
    });
    expect(text(larger, 'join')).toBe('hold MIXED_VERSIONS');
  });

  it('pages where all that stay run the newer version, and its pod is of the template before', () => {
    // The third one had its turn too, and was given back the template before.
    const done = [stopped([2, 1, 0])];
    const last = (set: PodSetView): ClusterState =>
      cluster([lost(0, empty), named(1, newer), named(2, newer)], { history: done, podSet: set });
    expect(text(last(podSet([1, 2])), 'replace')).toBe('hold page VERSION_SKEW DATA_GONE');
    expect(text(last(podSet([0, 1, 2])), 'replace')).toBe('act DATA_GONE');
    expect(text(last({ ...podSet([]), updateRevision: 'm-newer' }), 'replace')).toBe('act DATA_GONE');
    expect(decided(last(podSet([0, 1, 2])), 'replace')?.action?.parameters).toMatchObject({ version: newer });
    const asked = { ...last(podSet([1, 2])), requests: [request('replace', { target: '1' })] };
    expect(decide(asked, settings).chosen).toMatchObject({ policy: 'replace', requestedBy: 'alice' });
  });

  it('pages where the one that is wrong serves, and is the last of the older version', () => {
    const mismatch = entry('hash-check', { figures: { hashMismatch: 1, members: 3, 'hashDiffers.1': 1 } });
    const given = cluster(
      [named(0, old, { agent: { ...named(0, old).agent, member: 'm-0' } as never }), named(1, newer), named(2, newer)],
      {
        history: [mismatch, stopped([2, 1])],
        podSet: podSet([1, 2]),
      },
    );
    expect(text(given, 'replace')).toBe('hold page VERSION_SKEW DATA_CORRUPT');
  });

  it('pages where more than one minor version lies between the voters', () => {
    const far = [{ ...stopped([2]), reasons: ['(m-new), which has etcd 3.6.6 instead of 3.4.40'] }];
    const given = cluster([named(0, old), lost(1, empty), named(2, '3.6.6')], { history: far, podSet: podSet([2]) });
    expect(text(given, 'replace')).toBe('hold page VERSION_SKEW DATA_GONE');
  });
});

describe('an upgrade stopped half way, then a member lost', () => {
  const asked = { by: 'alice', to: newer };
  const before = state([0, 1, 2].map((index) => named(index, old)));
  const reasons = upgradePolicy(before, settings, asked).reasons.map(({ message }) => message);
  const history = [
    entry('upgrade', {
      ...{ outcome: 'stopped', code: 'ELECTION', targets: ['3', '2', '1'], reasons },
      steps: [3, 2].map((n) => ({ name: 'switch-version', memberId: `${n}`, atMs: 0 })),
    }),
  ];
  const empty = { dataDir: { state: 'empty' as const } };

  it('is replaced while a voter runs the older version, and pages where none does', () => {
    const mixed = cluster([named(0, old), lost(1, empty), named(2, newer)], { history });
    expect(text(mixed, 'replace')).toBe('act DATA_GONE VERSION_PRECAUTION');
    const all = cluster([lost(0, empty), named(1, newer), named(2, newer)], { history });
    expect(text(all, 'replace')).toBe('hold page VERSION_SKEW DATA_GONE');
  });
});

import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import type { PodSetView } from '../../src/cluster/pod-set.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { rolloutPolicy } from '../../src/decide/rollout.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { entry, GiB, nightly, noon, settings, short, state, supervised } from './states.ts';

/** Of members m-0 to m-2; `old` says which pods are of the template before. */
const podSet = (old: readonly number[], more: Partial<PodSetView> = {}): PodSetView => ({
  name: 'm',
  firstOrdinal: 0,
  replicas: 3,
  updateRevision: 'm-new',
  partition: 1000,
  etcdVersion: '3.5.30',
  pods: [0, 1, 2].map((ordinal) => ({
    ...{ name: `m-${ordinal}`, ordinal },
    found: {
      uid: `u${ordinal}`,
      revision: old.includes(ordinal) ? 'm-old' : 'm-new',
      isReady: true,
      isDeleted: false,
      hasVolume: true,
    },
  })),
  ...more,
});
const cluster = (set: PodSetView | undefined, versions = ['3.5.30', '3.5.30', '3.5.30']): ClusterState =>
  state(
    versions.map((version, index) => ({ ...supervised(index + 1), name: `m-${index}`, version })),
    set === undefined ? {} : { podSet: set },
  );
const all = [0, 1, 2];
const by = 'alice';

describe('a rollout', () => {
  it.each<[string, ClusterState, string, DecideSettings?]>([
    ['is nothing outside of a StatefulSet', cluster(undefined), 'hold NO_POD_SET'],
    ['is nothing where all pods are current', cluster(podSet([])), 'hold PODS_CURRENT'],
    ['is made where pods are behind', cluster(podSet(all)), 'act PODS_BEHIND'],
    ['goes on where some are done', cluster(podSet([0, 1])), 'act PODS_BEHIND'],
    [
      'is left to Kubernetes with a partition that somebody has set',
      cluster(podSet(all, { partition: 2 })),
      'hold ROLLOUT_BY_KUBERNETES',
    ],
    ['is left to Kubernetes without a partition', cluster(podSet(all, { partition: 0 })), 'hold ROLLOUT_BY_KUBERNETES'],
    ['brings etcd to the next minor version', cluster(podSet(all), ['3.4.40', '3.4.40', '3.4.40']), 'act PODS_BEHIND'],
    [
      'pages where the version of etcd is not said',
      cluster((({ etcdVersion: _, ...rest }) => rest)(podSet(all))),
      'hold page VERSION_UNKNOWN',
    ],
    [
      'pages where etcd cannot come to that version',
      cluster(podSet(all, { etcdVersion: '3.6.6' }), ['3.4.40', '3.4.40', '3.4.40']),
      'hold page VERSION_SKEW PODS_BEHIND',
    ],
    [
      'pages where all run a newer one by now',
      cluster(podSet(all, { etcdVersion: '3.4.40' })),
      'hold page VERSION_SKEW PODS_BEHIND',
    ],
    [
      'brings another version only after a backup',
      cluster(podSet(all), ['3.4.40', '3.4.40', '3.4.40']),
      'hold page NO_BACKUP PODS_BEHIND',
      { ...settings, backups: { ...settings.backups, stores: 0 } },
    ],
    [
      'of the same version takes no backup',
      cluster(podSet(all)),
      'act PODS_BEHIND',
      { ...settings, backups: { ...settings.backups, stores: 0 } },
    ],
    [
      'waits for its window',
      cluster(podSet(all)),
      'hold OUTSIDE_WINDOW PODS_BEHIND',
      { ...settings, windows: [nightly] },
    ],
    ['is made within it', cluster(podSet(all)), 'act PODS_BEHIND', { ...settings, windows: [noon] }],
    [
      'makes no pod anew that is of no voter',
      cluster(podSet([0, 1, 2, 3], { replicas: 4, pods: [...podSet(all).pods, pod(3)] })),
      'hold POD_NO_VOTER PODS_BEHIND',
    ],
    [
      'pages where none can be spared',
      cluster(podSet([0, 1], { replicas: 2, pods: [0, 1].map(pod) }), ['3.5.30', '3.5.30']),
      'hold page NO_SPARE PODS_BEHIND',
    ],
    [
      'waits until every voter is well',
      ((given) => ({
        ...given,
        members: given.members.map((one) => (one.id === '3' ? { ...one, reachable: false, healthy: false } : one)),
      }))(cluster(podSet(all))),
      'hold page VOTER_UNREACHABLE PODS_BEHIND',
    ],
  ])('%s', (_, given, expected, when = settings) => {
    expect(short(rolloutPolicy(given, when))).toBe(expected);
  });

  it.each<[string, PodSetView, string]>([
    ['raised again', podSet(all, { partition: 1, partitionAtRest: 1000 }), 'act PARTITION_LOWERED'],
    [
      'raised again when all is done',
      podSet([], { partition: 0, partitionAtRest: 1000, currentRevision: 'm-new' }),
      'act PARTITION_LOWERED',
    ],
    [
      'left while Kubernetes would make lost pods of the template before',
      podSet([], { partition: 0, partitionAtRest: 1000, currentRevision: 'm-old' }),
      'hold page ROLLOUT_NOT_CURRENT',
    ],
  ])('a partition that was left lowered is %s', (_, set, expected) => {
    const decision = rolloutPolicy(cluster(set), settings);
    expect(short(decision)).toBe(expected);
    if (decision.action !== undefined)
      expect(decision.action).toMatchObject({ targets: [], parameters: { partition: 1000 } });
    expect(decision.makesSafe).toBe(true);
  });

  it('a partition that was left lowered is told of where nothing can be written down', () => {
    const set = podSet(all, { partition: 1, partitionAtRest: 1000 });
    const alarms = [{ memberId: '1', member: 'm-0', alarm: 'NOSPACE' as const }];
    const decision = rolloutPolicy({ ...cluster(set), alarms }, settings);
    expect(short(decision)).toBe('hold page NOSPACE_ALARM PARTITION_LOWERED');
    expect(decision.makesSafe).toBe(true);
  });

  it('is not tried again by itself where the same template has ended in a doubt', () => {
    const stopped = (code: string, reason = '3 of 3 pods of m are not of its newest template (m-new)') =>
      entry('rollout', { outcome: 'stopped', code, targets: ['3'], reasons: [reason], revision: 900n });
    const withLast = (...history: readonly HistoryEntry[]): ClusterState => ({ ...cluster(podSet([0, 1])), history });
    expect(short(rolloutPolicy(withLast(stopped('MEMBER_DIFFERS')), settings))).toBe(
      'hold page ROLLOUT_DOUBTFUL PODS_BEHIND',
    );
    expect(short(rolloutPolicy(withLast(stopped('POD_NOT_SERVING')), settings, { by }))).toBe(
      'act REQUESTED PODS_BEHIND',
    );
    expect(short(rolloutPolicy({ ...withLast(stopped('ELECTION')), resumedRevision: 901n }, settings))).toBe(
      'act PODS_BEHIND',
    );
    expect(short(rolloutPolicy(withLast(stopped('ELECTION', 'template (m-other)')), settings))).toBe('act PODS_BEHIND');
    expect(short(rolloutPolicy(withLast(stopped('PAUSED')), settings))).toBe('act PODS_BEHIND');
  });

  it('is not made of pods whose data would go with them', () => {
    const pods = podSet(all).pods.map((each) => ({
      ...each,
      ...(each.found && { found: { ...each.found, hasVolume: false } }),
    }));
    expect(short(rolloutPolicy(cluster(podSet(all, { pods })), settings))).toBe('hold page POD_NO_VOLUME PODS_BEHIND');
  });

  it('takes the highest ordinal first, whoever leads, and knows their indexes', () => {
    const set = podSet([0, 2], { firstOrdinal: 0 });
    const { action } = rolloutPolicy({ ...cluster(set), leaderId: '3' }, settings);
    expect(action?.targets).toEqual(['3', '1']);
    expect(action?.parameters).toEqual({
      ...{ revision: 'm-new', partition: 1000, to: '3.5.30', snapshot: false, compare: true },
      indexes: { 1: 0, 3: 2 },
      versions: { 1: '3.5.30', 2: '3.5.30', 3: '3.5.30' },
      members: ['1', '2', '3'],
    });
  });

  it('counts indexes from the lowest ordinal', () => {
    const pods = [5, 6, 7].map((ordinal, index) => ({ ...pod(ordinal), name: `m-${index}` }));
    const set = podSet([], { firstOrdinal: 5, pods });
    expect(rolloutPolicy(cluster(set), settings).action?.parameters).toMatchObject({
      partition: 1000,
      indexes: { 1: 0, 2: 1, 3: 2 },
    });
  });

  it('goes on outside of its window for a person, who names no member', () => {
    const closed = { ...settings, windows: [nightly] };
    expect(short(rolloutPolicy(cluster(podSet(all)), closed, { by }))).toBe('act REQUESTED PODS_BEHIND');
    expect(short(rolloutPolicy(cluster(podSet(all)), closed, { by, target: '1' }))).toBe('hold TARGET_UNKNOWN');
  });

  it('compares no data where writes would stand still for too long, and says so', () => {
    const given = cluster(podSet(all));
    const large = { ...given, members: given.members.map((one) => ({ ...one, dbSizeBytes: 6 * GiB })) };
    const { action, reasons } = rolloutPolicy(large, settings);
    expect(action?.parameters['compare']).toBe(false);
    expect(reasons.at(-1)?.message).toContain('are not compared');
  });
});

/** One of the template before. */
function pod(ordinal: number): PodSetView['pods'][number] {
  return {
    ...{ name: `m-${ordinal}`, ordinal },
    found: { uid: `u${ordinal}`, revision: 'm-old', isReady: true, isDeleted: false, hasVolume: true },
  };
}

import { describe, expect, it } from 'vitest';
import { operationNames } from '../../src/cluster/caretaking.ts';
import type { PodSetView } from '../../src/cluster/pod-set.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { decide } from '../../src/decide/decide.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { entry, MiB, member, NOW_MS, request, settings, short, state } from './states.ts';

const busy = (more: Partial<ClusterState> = {}): ClusterState =>
  state(
    [1, 2, 3].map((n) => member(n, { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 200 * MiB })),
    { history: [], revisions: [{ ageSeconds: 3600, revision: 150_000n }], ...more },
  );

describe('all decisions of a round', () => {
  it('are one for each policy, in order', () => {
    const { decisions, chosen, request: asked } = decide(state(), settings);
    expect(decisions.map(({ policy }) => policy)).toEqual([...operationNames]);
    expect(decisions.map(short)).toEqual([
      'hold NO_ALARM',
      'hold NOT_SUPERVISED',
      'hold NO_POD_SET',
      ...Array.from({ length: 3 }, () => 'hold NOT_SUPERVISED'),
      'hold NOTHING_STALE',
      'hold ON_REQUEST',
      'hold NO_POD_SET',
      'hold TOO_FEW_REVISIONS',
      'hold NOTHING_TO_RECLAIM',
      'hold LEADER_FINE',
      'hold COOLING_DOWN',
      'hold BY_SCHEDULE',
      'hold NOT_DUE',
    ]);
    expect([chosen, asked]).toEqual([undefined, undefined]);
  });

  it('let one operation go first where several are due', () => {
    const { decisions, chosen } = decide(busy(), settings);
    expect(chosen?.policy).toBe('compaction');
    expect(decisions.map(short)).toEqual([
      'hold NO_ALARM',
      'hold NOT_SUPERVISED',
      'hold NO_POD_SET',
      ...Array.from({ length: 3 }, () => 'hold NOT_SUPERVISED'),
      'hold NOTHING_STALE',
      'hold ON_REQUEST',
      'hold NO_POD_SET',
      'act HISTORY_DUE',
      'hold OTHER_FIRST SPACE_RECLAIMABLE',
      'hold LEADER_FINE',
      'hold OTHER_FIRST HASH_CHECK_DUE',
      'hold BY_SCHEDULE',
      'hold OTHER_FIRST DRILL_DUE',
    ]);
  });

  it('begin with the oldest request, which goes before what the policies want', () => {
    const requests = [request('hash-check', { id: 'b', atMs: 2 }), request('defrag', { id: 'c', atMs: 1 })];
    const { decisions, chosen, request: asked } = decide(busy({ requests }), settings);
    expect(asked?.request.id).toBe('c');
    expect(decisions[0]).toBe(chosen);
    expect(chosen).toMatchObject({ policy: 'defrag', requestedBy: 'alice' });
    expect(decisions.slice(1).map(({ decision }) => decision)).not.toContain('act');
  });

  it('put what only makes safe again before requests and all else, but NOSPACE', () => {
    const podSet: PodSetView = {
      ...{ name: 'm', firstOrdinal: 0, replicas: 3, updateRevision: 'm-new', pods: [] },
      ...{ partition: 1, partitionAtRest: 1000 },
    };
    const requests = [request('defrag')];
    const { decisions, chosen, request: asked } = decide(busy({ podSet, requests }), settings);
    expect(chosen).toMatchObject({ policy: 'rollout', action: { targets: [], parameters: { partition: 1000 } } });
    expect(decisions.filter(({ decision }) => decision === 'act')).toEqual([chosen]);
    expect(asked?.refused).toBeUndefined();
    const alarms = [{ memberId: '1', member: 'm1', alarm: 'NOSPACE' as const }];
    expect(decide(busy({ podSet, requests, alarms }), settings).chosen?.policy).toBe('nospace');
  });

  it('raise a partition at once that a rollout left lowered, since its mode was switched off', () => {
    const podSet: PodSetView = {
      ...{ name: 'm', firstOrdinal: 0, replicas: 3, updateRevision: 'm-new', pods: [] },
      ...{ partition: 1, partitionAtRest: 1000 },
    };
    const history = [
      entry('rollout', { outcome: 'stopped', code: 'POLICY_OFF', targets: ['3', '2'], endedAtMs: NOW_MS }),
    ];
    const off: DecideSettings = { ...settings, policies: { ...settings.policies, rollout: 'off' } };
    expect(decide(state(undefined, { podSet, history }), off).chosen).toMatchObject({
      policy: 'rollout',
      reasons: [{ code: 'PARTITION_LOWERED' }],
    });
  });

  it('have none for a request that this version does not know, but an answer', () => {
    const { decisions, request: asked } = decide(state(undefined, { requests: [request('of-the-future')] }), settings);
    expect(decisions).toHaveLength(operationNames.length);
    expect(asked?.refused?.[0].code).toBe('OPERATION_UNKNOWN');
  });

  it('put NOSPACE before all else', () => {
    const alarms = [{ memberId: '1', member: 'm1', alarm: 'NOSPACE' as const }];
    expect(decide(busy({ alarms }), settings).chosen?.policy).toBe('nospace');
  });
});

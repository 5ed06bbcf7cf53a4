import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../src/cluster/state.ts';
import { compactionPolicy } from '../../src/decide/compaction.ts';
import type { Asked } from '../../src/decide/policy.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { entry, HOUR_MS, MINUTE_MS, member, NOW_MS, observed, settings, short, state } from './states.ts';

/** 20,000 revisions older than an hour, the compact revision being 100,000. */
function old(more: Partial<ClusterState> = {}): ClusterState {
  return state(undefined, {
    revisions: [
      { ageSeconds: 5, revision: 200_000n },
      { ageSeconds: 3599, revision: 130_000n },
      { ageSeconds: 3600, revision: 120_000n },
    ],
    ...more,
  });
}

const keeping = (more: Partial<DecideSettings['compaction']>): DecideSettings => ({
  ...settings,
  compaction: { ...settings.compaction, ...more },
});

const members = (more: Parameters<typeof observed>[0], only?: number) =>
  [1, 2, 3].map((n) => member(n, { observed: observed(only === undefined || only === n ? more : {}) }));

const alice: Asked = { by: 'alice' };

describe('compaction', () => {
  it.each<[string, ClusterState, DecideSettings, Asked | undefined, string]>([
    ['acts when enough revisions are old', old(), settings, undefined, 'act HISTORY_DUE'],
    [
      'holds until it has watched for as long as history is kept',
      old({ revisions: [{ ageSeconds: 3599, revision: 1n }] }),
      settings,
      undefined,
      'hold NOT_ENOUGH_HISTORY',
    ],
    ['holds with no samples at all', old({ revisions: [] }), settings, undefined, 'hold NOT_ENOUGH_HISTORY'],
    [
      'acts at exactly as many revisions as are worth it',
      old(),
      keeping({ minRevisions: 20_000 }),
      undefined,
      'act HISTORY_DUE',
    ],
    ['holds at one fewer', old(), keeping({ minRevisions: 20_001 }), undefined, 'hold TOO_FEW_REVISIONS'],
    [
      'holds where nothing happened for an hour',
      old({ revisions: [{ ageSeconds: 3600, revision: 100_000n }] }),
      keeping({ minRevisions: 0 }),
      undefined,
      'hold TOO_FEW_REVISIONS',
    ],
    [
      'holds where more revisions are to be kept than there are',
      old(),
      keeping({ keepRevisions: 300_000 }),
      undefined,
      'hold TOO_FEW_REVISIONS',
    ],
    [
      'holds where backups are behind',
      old({ durableRevision: 100_500n }),
      settings,
      undefined,
      'hold TOO_FEW_REVISIONS',
    ],
    ['leaves it to Kubernetes', old({ kubernetesCompacts: true }), settings, undefined, 'hold KUBERNETES_COMPACTS'],
    [
      'leaves it to etcd where auto-compaction is on at one member',
      { ...old(), members: members({ settings: { 'auto-compaction-retention': '1h' } }, 2) },
      settings,
      undefined,
      'hold ETCD_COMPACTS',
    ],
    [
      'acts where auto-compaction is off',
      { ...old(), members: members({ settings: { 'auto-compaction-retention': '0h' } }) },
      settings,
      undefined,
      'act HISTORY_DUE',
    ],
    [
      'cools down',
      old({ history: [entry('compaction', { endedAtMs: NOW_MS - 30 * MINUTE_MS + 1 })] }),
      settings,
      undefined,
      'hold COOLING_DOWN',
    ],
    [
      'acts when it has cooled down',
      old({ history: [entry('compaction', { endedAtMs: NOW_MS - 30 * MINUTE_MS })] }),
      settings,
      undefined,
      'act HISTORY_DUE',
    ],
    [
      'takes an end in the future for just now',
      old({ history: [entry('compaction', { endedAtMs: NOW_MS + 9 * HOUR_MS })] }),
      settings,
      undefined,
      'hold COOLING_DOWN',
    ],
    [
      'does not count a refused request',
      old({ history: [entry('compaction', { endedAtMs: NOW_MS, outcome: 'refused' })] }),
      settings,
      undefined,
      'act HISTORY_DUE',
    ],
    [
      'acts with a voter down: only quorum matters',
      { ...old(), votersReachable: 2 },
      settings,
      undefined,
      'act HISTORY_DUE',
    ],
    ['holds without a quorum', { ...old(), votersReachable: 1 }, settings, undefined, 'hold QUORUM_LOST'],
    ['holds without a raft leader', { ...withoutLeader(old()) }, settings, undefined, 'hold NO_RAFT_LEADER'],
    ['holds on a list that no quorum gave', old({ linearizable: false }), settings, undefined, 'hold NOT_LINEARIZABLE'],
    ['holds with alarms unknown', old({ alarmsUnknown: true }), settings, undefined, 'hold ALARMS_UNKNOWN'],
    [
      'holds under CORRUPT',
      old({ alarms: [{ memberId: '2', member: 'm2', alarm: 'CORRUPT' }] }),
      settings,
      undefined,
      'hold CORRUPT_ALARM',
    ],
    [
      'leaves NOSPACE to its own policy',
      old({ alarms: [{ memberId: '2', member: 'm2', alarm: 'NOSPACE' }] }),
      settings,
      undefined,
      'hold NOSPACE_ALARM',
    ],
    [
      'acts for a person on few revisions, in a cool-down, beside Kubernetes',
      old({ kubernetesCompacts: true, history: [entry('compaction', { endedAtMs: NOW_MS })] }),
      keeping({ minRevisions: 90_000 }),
      alice,
      'act REQUESTED HISTORY_DUE',
    ],
    [
      'keeps what is to be kept for a person too',
      old({ revisions: [{ ageSeconds: 60, revision: 199_000n }] }),
      settings,
      alice,
      'hold NOT_ENOUGH_HISTORY',
    ],
    [
      'has nothing to do for a person where nothing is old',
      old({ revisions: [{ ageSeconds: 3600, revision: 100_000n }] }),
      settings,
      alice,
      'hold TOO_FEW_REVISIONS',
    ],
  ])('%s', (_name, given, when, asked, expected) => {
    expect(short(compactionPolicy(given, when, asked))).toBe(expected);
  });

  it.each<[string, ClusterState, DecideSettings, string]>([
    ['the newest that is old enough', old(), settings, '120000'],
    ['none of the newest so many', old(), keeping({ keepRevisions: 85_000 }), '115000'],
    ['none that backups have yet to make durable', old({ durableRevision: 110_000n }), settings, '110000'],
  ])('compacts to the least that all rules allow: %s', (_name, given, when, revision) => {
    expect(compactionPolicy(given, when).action?.parameters).toEqual({ revision, compactedRevision: '100000' });
  });

  it('counts from where the member that is furthest was compacted', () => {
    const given = { ...old(), members: members({ compactRevision: 119_500n }, 3) };
    expect(compactionPolicy(given, settings).reasons[0]?.message).toBe(
      '500 revisions would go (they are older than 1 h), and fewer than 1,000 are not worth a compaction',
    );
  });

  it('says with numbers why it acts', () => {
    expect(compactionPolicy(old(), settings).reasons[0]?.message).toBe(
      '20,000 revisions can go, up to 120,000: they are older than 1 h',
    );
  });
});

function withoutLeader({ leaderId: _leaderId, ...given }: ClusterState): ClusterState {
  return given;
}

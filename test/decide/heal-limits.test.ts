import { describe, expect, it } from 'vitest';
import type { Decision, HistoryEntry } from '../../src/cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { gate } from '../../src/decide/gate.ts';
import { replacePolicy } from '../../src/decide/replace.ts';
import { broken, entry, HOUR_MS, MINUTE_MS, member, NOW_MS, settings, state, supervised } from './states.ts';

const wiped = broken(3, { dataDir: { state: 'empty' } });
const safe: Partial<ClusterState> = { unprotectedSeconds: 2 };
const without = (third: MemberState, more: Partial<ClusterState> = {}): ClusterState =>
  state([supervised(1), supervised(2), third], { ...safe, ...more });

describe('how often members are replaced', () => {
  const tried = (outcome: HistoryEntry['outcome'], agoMs: number, more: Partial<HistoryEntry> = {}): HistoryEntry =>
    entry('replace', { outcome, endedAtMs: NOW_MS - agoMs, summary: 'it broke.', ...more });
  const gated = (history: readonly HistoryEntry[], more: Partial<ClusterState> = {}, when = settings): Decision => {
    const given = without(wiped, { history, ...more });
    return gate(replacePolicy(given, when), given, when);
  };

  it.each<[string, readonly HistoryEntry[], Partial<ClusterState>, string]>([
    ['at once where nothing was tried', [], {}, 'act'],
    ['a minute after the first in vain, not before', [tried('stopped', MINUTE_MS - 1)], {}, 'hold RETRY_LATER'],
    ['a minute after the first in vain', [tried('stopped', MINUTE_MS)], {}, 'act'],
    [
      'five minutes after the second, not before',
      [tried('failed', 5 * MINUTE_MS - 1), tried('stopped', 9 * MINUTE_MS)],
      {},
      'hold RETRY_LATER',
    ],
    ['five minutes after the second', [tried('failed', 5 * MINUTE_MS), tried('stopped', 9 * MINUTE_MS)], {}, 'act'],
    [
      'not after three in vain within a day',
      [1, 2, 3].map((n) => tried('stopped', n * HOUR_MS)),
      {},
      'hold page HEAL_GIVEN_UP',
    ],
    ...['PAUSED', 'MEMBER_BACK', 'TARGET_GONE'].map(
      (code): [string, readonly HistoryEntry[], Partial<ClusterState>, string] => [
        `after three that ended with ${code}, which were not in vain`,
        [1, 2, 3].map((n) => tried('stopped', n * MINUTE_MS, { code })),
        {},
        'act',
      ],
    ),
    [
      'a minute after one that was not in vain either, not before',
      [tried('stopped', MINUTE_MS - 1, { code: 'PAUSED' })],
      {},
      'hold RETRY_LATER',
    ],
    [
      'not after three in vain, whatever else ended meanwhile',
      [tried('stopped', MINUTE_MS, { code: 'PAUSED' }), ...[1, 2, 3].map((n) => tried('failed', n * HOUR_MS))],
      {},
      'hold page HEAL_GIVEN_UP',
    ],
    [
      'after three in vain once somebody says resume',
      [1, 2, 3].map((n) => tried('stopped', n * HOUR_MS)),
      { resumedRevision: 10n ** 9n },
      'act',
    ],
    ['not more than three a day', [1, 2, 3].map((n) => tried('succeeded', n * HOUR_MS)), {}, 'hold BUDGET_SPENT'],
    [
      'where three were replaced for people',
      [1, 2, 3].map((n) => tried('succeeded', n * HOUR_MS, { requestedBy: 'alice' })),
      {},
      'act',
    ],
    ['where three were replaced the day before', [25, 26, 27].map((n) => tried('succeeded', n * HOUR_MS)), {}, 'act'],
    ['whatever maintenance has taken of its own budget', Array.from({ length: 30 }, () => entry('defrag')), {}, 'act'],
  ])('%s', (_, history, more, expected) => {
    const { decision, reasons, page } = gated(history, more);
    const said = decision === 'act' ? 'act' : [decision, ...(page === true ? ['page'] : []), reasons[0].code].join(' ');
    expect(said).toBe(expected);
  });

  it('not where heal.mode is off or plan', () => {
    const off = { ...settings, policies: { ...settings.policies, replace: 'off' as const } };
    const plan = { ...settings, policies: { ...settings.policies, replace: 'plan' as const } };
    expect(gated([], {}, off).reasons[0]).toEqual({ code: 'POLICY_OFF', message: 'heal.mode is off' });
    expect(gated([], {}, plan)).toMatchObject({ decision: 'plan', reasons: [{ code: 'POLICY_PLAN' }, {}] });
  });

  it('with the leading agent and those of all members in one version', () => {
    const old = member(2).agent;
    const given = state(
      [supervised(1), supervised(2, old === undefined ? {} : { agent: { ...old, operations: {} } }), wiped],
      safe,
    );
    expect(gate(replacePolicy(given, settings), given, settings).reasons[0].code).toBe('AGENT_VERSIONS_DIFFER');
  });
});

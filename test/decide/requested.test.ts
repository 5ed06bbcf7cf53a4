import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../src/cluster/caretaking.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { requestedDecision } from '../../src/decide/requested.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { MiB, member, NOW_MS, request, settings, slot, state } from './states.ts';

const calm = state();

function answer(asked: RequestRecord, given: ClusterState = calm, when: DecideSettings = settings): string {
  const { decision, refused } = requestedDecision(given, when, asked);
  const codes = refused === undefined ? '' : ` refused ${refused.map(({ code }) => code).join(' ')}`;
  return `${decision?.decision ?? 'nothing'}${codes}`;
}

const defrag = request('defrag', { target: '2' });

describe('what becomes of a request', () => {
  it.each<[string, RequestRecord, ClusterState, DecideSettings, string]>([
    ['is granted', defrag, calm, settings, 'act'],
    [
      'is granted although the policy is off',
      defrag,
      calm,
      { ...settings, policies: { ...settings.policies, defrag: 'off' } },
      'act',
    ],
    [
      'is refused for an operation that there is not',
      request('of-the-future'),
      calm,
      settings,
      'nothing refused OPERATION_UNKNOWN',
    ],
    ['is refused for a name of Object', request('constructor'), calm, settings, 'nothing refused OPERATION_UNKNOWN'],
    [
      'is refused for a member that there is not',
      request('defrag', { target: 'x' }),
      calm,
      settings,
      'hold refused TARGET_UNKNOWN',
    ],
    ['is refused in plan mode', defrag, calm, { ...settings, mode: 'plan' }, 'plan refused MODE_PLAN'],
    ['is refused before arming', defrag, unarmed(), settings, 'plan refused NOT_ARMED'],
    [
      'is refused in a pause',
      defrag,
      { ...calm, pause: { reason: 'x', by: 'bob', atMs: 0, untilMs: NOW_MS } },
      settings,
      'hold refused PAUSED',
    ],
    ['is refused where it makes no sense', request('nospace'), calm, settings, 'hold refused NO_ALARM'],
    [
      'is refused when it is not safe',
      defrag,
      state([member(1), member(2), member(3, { reachable: false })]),
      settings,
      'hold refused VOTER_UNREACHABLE',
    ],
    ['waits for an operation under way', defrag, { ...calm, slot: slot('compaction') }, settings, 'hold'],
    [
      'waits for a member that lags',
      defrag,
      state([member(1), member(2), member(3, { lagEntries: 2000n })]),
      settings,
      'hold',
    ],
    ['waits after an election', defrag, { ...calm, termStableSeconds: 1 }, settings, 'hold'],
    [
      'is refused with all reasons where only one of them passes',
      defrag,
      state([member(1), member(2), member(3, { reachable: false })], { termStableSeconds: 1 }),
      settings,
      'hold refused VOTER_UNREACHABLE TERM_UNSTABLE',
    ],
  ])('%s', (_name, asked, given, when, expected) => {
    expect(answer(asked, given, when)).toBe(expected);
  });

  it('names who asked, and begins with it', () => {
    const given = state([member(1), member(2, { dbSizeInUseBytes: 95 * MiB }), member(3)]);
    const { decision } = requestedDecision(given, settings, defrag);
    expect(decision).toMatchObject({ requestedBy: 'alice', action: { operation: 'defrag', targets: ['2'] } });
    expect(decision?.reasons[0]).toEqual({ code: 'REQUESTED', message: 'alice asked for it' });
    expect(requestedDecision(given, settings, request('nospace')).decision?.requestedBy).toBe('alice');
  });
});

function unarmed(): ClusterState {
  const { armed: _armed, ...given } = calm;
  return given;
}

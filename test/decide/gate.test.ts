import { describe, expect, it } from 'vitest';
import { type Decision, type OperationName, operationNames } from '../../src/cluster/caretaking.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { gate } from '../../src/decide/gate.ts';
import type { Asked } from '../../src/decide/policy.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import {
  agent,
  entry,
  HOUR_MS,
  MINUTE_MS,
  member,
  NOW_MS,
  observed,
  operations,
  settings,
  short,
  slot,
  state,
} from './states.ts';

/** What a policy wants, of m2 and m3. */
function wants(policy: OperationName, more: Partial<Decision> = {}): Decision {
  return {
    policy,
    decision: 'act',
    reasons: [{ code: 'SPACE_RECLAIMABLE', message: 'm2 can give back 300 MiB' }],
    action: { operation: policy, targets: ['2', '3'], parameters: {} },
    ...more,
  };
}

const alice: Asked = { by: 'alice' };
const calm = state();
const failed = (more: object = {}) => entry('defrag', { outcome: 'failed', endedAtMs: NOW_MS - HOUR_MS, ...more });
const spent = (count: number, more: object = {}) => Array.from({ length: count }, () => entry('compaction', more));
const unarmed = (readySeconds: number, of: ClusterState = calm): ClusterState => {
  const { armed: _armed, ...rest } = of;
  return { ...rest, readySeconds };
};
const foreign = (code: string, ...policies: readonly string[]): ClusterState => ({
  ...calm,
  foreign: [{ code, message: 'somebody else is at it', policies }],
});
const third = (more: Parameters<typeof member>[1]): ClusterState => state([member(1), member(2), member(3, more)]);
const noAgent = { agent: undefined } as unknown as Parameters<typeof member>[1];
const plan: DecideSettings = { ...settings, mode: 'plan' };
const set = (mode: 'off' | 'plan'): DecideSettings => ({
  ...settings,
  policies: { ...settings.policies, defrag: mode, nospace: mode },
});

describe('what keeps the agents from acting', () => {
  it.each<[string, ClusterState, DecideSettings, string, string | undefined]>([
    ['nothing', calm, settings, 'act', 'act'],
    ['the policy is off', calm, set('off'), 'hold POLICY_OFF', 'act'],
    ['the policy only plans', calm, set('plan'), 'plan POLICY_PLAN', 'act'],
    ['the mode is plan', calm, plan, 'plan MODE_PLAN', undefined],
    ['both', calm, { ...set('plan'), mode: 'plan' }, 'plan MODE_PLAN POLICY_PLAN', 'plan MODE_PLAN'],
    ['it is not armed', unarmed(600), settings, 'plan NOT_ARMED', undefined],
    [
      'it is not armed, and agents are missing still',
      unarmed(0, third(noAgent)),
      settings,
      'plan NOT_ARMED AGENT_MISSING',
      undefined,
    ],
    [
      'it is paused',
      { ...calm, pause: { reason: 'move of the racks', by: 'bob', atMs: 0, untilMs: NOW_MS + HOUR_MS } },
      settings,
      'hold PAUSED',
      undefined,
    ],
    [
      'it is paused in plan mode',
      { ...calm, pause: { reason: 'x', by: 'bob', atMs: 0, untilMs: NOW_MS } },
      plan,
      'hold PAUSED',
      undefined,
    ],
    [
      'the agent of a target is paused by its file',
      third({ observed: observed({ localPause: 'disk swap' }) }),
      settings,
      'hold PAUSED_LOCALLY',
      undefined,
    ],
    [
      'the leading agent is paused by its file',
      state([member(1, { observed: observed({ localPause: 'x' }) }), member(2), member(3)]),
      settings,
      'hold PAUSED_LOCALLY',
      undefined,
    ],
    ['the slot is taken', { ...calm, slot: slot('compaction') }, settings, 'hold SLOT_BUSY', undefined],
    [
      'the slot is garbage',
      { ...calm, unreadable: [{ key: '/etcd-caretaker/slot', kind: 'garbage', message: 'no JSON' }] },
      settings,
      'hold page KEY_UNREADABLE',
      undefined,
    ],
    [
      'the slot is of a newer version',
      { ...calm, unreadable: [{ key: '/etcd-caretaker/slot', kind: 'newer', message: 'format 9' }] },
      settings,
      'hold page KEY_UNREADABLE',
      undefined,
    ],
    ['a target has no agent', third(noAgent), settings, 'hold AGENT_MISSING', undefined],
    [
      'an agent does not know the operation',
      third({ agent: agent(3, { operations: { compaction: 1 } }) }),
      settings,
      'hold AGENT_VERSIONS_DIFFER',
      undefined,
    ],
    [
      'an agent knows an older version of it',
      third({ agent: agent(3, { operations: { ...operations, defrag: 0 } }) }),
      settings,
      'hold AGENT_VERSIONS_DIFFER',
      undefined,
    ],
    [
      'an agent knows a newer version of it',
      third({ agent: agent(3, { operations: { ...operations, defrag: 2 } }) }),
      settings,
      'hold AGENT_VERSIONS_DIFFER',
      undefined,
    ],
    [
      'an agent knows another version of something else',
      third({ agent: agent(3, { operations: { ...operations, nospace: 2 } }) }),
      settings,
      'act',
      undefined,
    ],
    ['its own version is taken from its record', omitOwn(calm), settings, 'act', undefined],
    [
      'its own version is not known',
      { ...omitOwn(calm), leader: { memberId: '1', member: 'm1', instance: 'gone', epoch: 7n, sinceMs: 0 } },
      settings,
      'hold AGENT_VERSIONS_DIFFER',
      undefined,
    ],
    ['two failures in a row', { ...calm, history: [failed(), failed()] }, settings, 'act', undefined],
    [
      'three failures in a row',
      { ...calm, history: [failed(), failed(), failed()] },
      settings,
      'hold page BREAKER_OPEN',
      undefined,
    ],
    [
      'a success between them',
      { ...calm, history: [failed(), failed(), entry('defrag'), failed()] },
      settings,
      'act',
      undefined,
    ],
    [
      'three failures before somebody said resume',
      {
        ...calm,
        history: [failed({ revision: 9n }), failed({ revision: 8n }), failed({ revision: 7n })],
        resumedRevision: 9n,
      },
      settings,
      'act',
      undefined,
    ],
    [
      'three failures, the last after somebody said resume',
      {
        ...calm,
        history: [failed({ revision: 9n }), failed({ revision: 8n }), failed({ revision: 7n })],
        resumedRevision: 8n,
      },
      settings,
      'act',
      undefined,
    ],
    [
      'failures of another operation',
      { ...calm, history: [1, 2, 3].map(() => entry('compaction', { outcome: 'failed' })) },
      settings,
      'act',
      undefined,
    ],
    [
      'refused requests between failures',
      { ...calm, history: [failed(), failed(), entry('defrag', { outcome: 'refused' }), failed()] },
      settings,
      'hold page BREAKER_OPEN',
      undefined,
    ],
    [
      'one that stopped a moment ago',
      { ...calm, history: [entry('defrag', { outcome: 'stopped', endedAtMs: NOW_MS - 10 * MINUTE_MS + 1 })] },
      settings,
      'hold RETRY_LATER',
      'act',
    ],
    [
      'one that stopped ten minutes ago',
      { ...calm, history: [entry('defrag', { outcome: 'stopped', endedAtMs: NOW_MS - 10 * MINUTE_MS })] },
      settings,
      'act',
      'act',
    ],
    [
      'one that stopped before somebody said resume',
      {
        ...calm,
        history: [entry('defrag', { outcome: 'stopped', revision: 3n, endedAtMs: NOW_MS })],
        resumedRevision: 3n,
      },
      settings,
      'act',
      'act',
    ],
    ['a budget with one left', { ...calm, history: spent(23) }, settings, 'act', 'act'],
    ['a budget that is spent', { ...calm, history: spent(24) }, settings, 'hold BUDGET_SPENT', 'act'],
    [
      'a budget spent a day ago',
      { ...calm, history: spent(24, { endedAtMs: NOW_MS - 24 * HOUR_MS }) },
      settings,
      'act',
      'act',
    ],
    [
      'a budget spent in the future',
      { ...calm, history: spent(24, { endedAtMs: NOW_MS + 48 * HOUR_MS }) },
      settings,
      'hold BUDGET_SPENT',
      'act',
    ],
    [
      'what people asked for, which costs no budget',
      { ...calm, history: spent(24, { requestedBy: 'bob' }) },
      settings,
      'act',
      'act',
    ],
    [
      'what was refused, which costs no budget',
      { ...calm, history: spent(24, { outcome: 'refused' }) },
      settings,
      'act',
      'act',
    ],
    [
      'pauses in the history, which cost no budget',
      { ...calm, history: spent(24).map((one) => ({ ...one, operation: 'pause' })) },
      settings,
      'act',
      'act',
    ],
    ['somebody else who does the same', foreign('FOREIGN_DEFRAG', 'defrag'), settings, 'plan FOREIGN_DEFRAG', 'act'],
    ['somebody else who does something else', foreign('FOREIGN_COMPACTION', 'compaction'), settings, 'act', 'act'],
    [
      'somebody else who changes members',
      foreign('FOREIGN_MEMBER_CHANGE', 'defrag'),
      settings,
      'plan FOREIGN_MEMBER_CHANGE',
      undefined,
    ],
    ['somebody else who upgrades', foreign('FOREIGN_UPGRADE', 'defrag'), settings, 'plan FOREIGN_UPGRADE', undefined],
    [
      'several things',
      { ...calm, slot: slot('compaction'), history: spent(24) },
      settings,
      'hold SLOT_BUSY BUDGET_SPENT',
      'hold SLOT_BUSY',
    ],
  ])('%s', (_name, given, when, expected, forPeople) => {
    const withMotive = (text: string) => `${text} SPACE_RECLAIMABLE`;
    const own = gate(wants('defrag'), given, when);
    expect(short(own)).toBe(own.reasons[0].code === 'POLICY_OFF' ? expected : withMotive(expected));
    expect(short(gate(wants('defrag'), given, when, alice))).toBe(withMotive(forPeople ?? expected));
    expect(own.action === undefined).toBe(own.decision === 'hold');
  });

  it('says how much of the wait for arming is left', () => {
    expect(gate(wants('defrag'), unarmed(18 * 60), settings).reasons[0].message).toBe(
      'not armed: every voter has had an agent and health for 18 min of 30 min, so 12 min are left',
    );
  });

  it('says how to close the breaker', () => {
    const history = [failed({ summary: 'the disk of m3 is full' }), failed(), failed()];
    expect(gate(wants('defrag'), { ...calm, history }, settings).reasons[0].message).toBe(
      'defrag has failed 3 times in a row, the last time because: the disk of m3 is full. Once that is mended, "etcd-caretaker resume" lets it try again',
    );
  });

  it('says what is under way', () => {
    expect(gate(wants('defrag'), { ...calm, slot: slot('compaction') }, settings).reasons[0].message).toBe(
      'compaction has been under way for 1 min 30 s, at step taken',
    );
  });

  it('leaves a hold of the policy as it is, but says that the policy is off', () => {
    const held = wants('defrag', { decision: 'hold', reasons: [{ code: 'COOLING_DOWN', message: 'later' }] });
    expect(gate(held, { ...calm, slot: slot('compaction') }, plan)).toBe(held);
    expect(short(gate(held, calm, set('off')))).toBe('hold POLICY_OFF');
  });
});

describe('what only makes safe again', () => {
  const raise = wants('rollout', {
    makesSafe: true,
    action: { operation: 'rollout', targets: [], parameters: { partition: 1000 } },
  });
  const ended = (more: object) => entry('rollout', { outcome: 'failed', targets: ['3'], endedAtMs: NOW_MS, ...more });
  const raised = (agoMs: number, more: object = {}) => ended({ targets: [], endedAtMs: NOW_MS - agoMs, ...more });
  const off = (mode: 'off' | 'plan'): DecideSettings => ({
    ...settings,
    policies: { ...settings.policies, rollout: mode },
  });

  it.each<[string, ClusterState, DecideSettings, string]>([
    ['is done where its policy is off', calm, off('off'), 'act'],
    ['is done where its policy only plans', calm, off('plan'), 'act'],
    ['does not wait since the operation before it failed', { ...calm, history: [ended({})] }, settings, 'act'],
    ['is done with the breaker open', { ...calm, history: [1, 2, 3].map(() => ended({})) }, settings, 'act'],
    ['is done with the budget spent', { ...calm, history: spent(24) }, settings, 'act'],
    ['is done beside somebody else', foreign('FOREIGN_MEMBER_CHANGE', 'rollout'), settings, 'act'],
    ['pages in plan mode', calm, plan, 'plan page MODE_PLAN'],
    ['pages before arming', unarmed(600), settings, 'plan page NOT_ARMED'],
    [
      'pages in a pause',
      { ...calm, pause: { reason: 'x', by: 'bob', atMs: 0, untilMs: NOW_MS } },
      settings,
      'hold page PAUSED',
    ],
    [
      'pages where the leading agent is paused by its file',
      state([member(1, { observed: observed({ localPause: 'x' }) }), member(2), member(3)]),
      settings,
      'hold page PAUSED_LOCALLY',
    ],
    ['waits for what is under way', { ...calm, slot: slot('compaction') }, settings, 'hold SLOT_BUSY'],
    [
      'is tried again after ten seconds where it failed itself, and pages until then',
      { ...calm, history: [raised(9999)] },
      settings,
      'hold page RETRY_LATER',
    ],
    ['is tried again then', { ...calm, history: [raised(10_000)] }, settings, 'act'],
    [
      'waits twice as long after each further try in vain',
      { ...calm, history: [raised(19_999), raised(50_000)] },
      settings,
      'hold page RETRY_LATER',
    ],
  ])('%s', (_name, given, when, expected) => {
    expect(short(gate(raise, given, when))).toBe(`${expected} SPACE_RECLAIMABLE`);
  });

  it('says nothing of how the operation itself ended before', () => {
    const roll = wants('rollout');
    const good = raised(0, { outcome: 'succeeded' });
    const history = (...entries: readonly ReturnType<typeof entry>[]): ClusterState => ({ ...calm, history: entries });
    expect(short(gate(roll, history(good, ended({})), settings))).toContain('hold RETRY_LATER');
    const failures = [1, 2, 3].map(() => ended({ endedAtMs: NOW_MS - HOUR_MS }));
    expect(short(gate(roll, history(good, ...failures), settings))).toContain('hold page BREAKER_OPEN');
    expect(short(gate(roll, history(...spent(24).map(() => raised(HOUR_MS))), settings))).toContain('act');
  });
});

describe('NOSPACE that nobody deals with', () => {
  it.each<[string, ClusterState, DecideSettings, string]>([
    ['pages in plan mode', calm, plan, 'plan page MODE_PLAN'],
    ['pages when its policy only plans', calm, set('plan'), 'plan page POLICY_PLAN'],
    ['pages before arming', unarmed(600), settings, 'plan page NOT_ARMED'],
    ['pages beside somebody else', foreign('FOREIGN_CRON_JOB', 'nospace'), settings, 'plan page FOREIGN_CRON_JOB'],
    [
      'pages in a pause',
      { ...calm, pause: { reason: 'x', by: 'bob', atMs: 0, untilMs: NOW_MS } },
      settings,
      'hold page PAUSED',
    ],
    [
      'pages when a member has no agent, target or not',
      state([member(1, { ...noAgent, observed: undefined } as never), member(2), member(3)]),
      settings,
      'hold page AGENT_MISSING',
    ],
    ['goes on when an agent answers that could not register', third(noAgent), settings, 'act'],
    ['takes the slot over, which cannot be written any more', { ...calm, slot: slot('defrag') }, settings, 'act'],
    [
      'waits for an operation that only a newer version knows',
      { ...calm, slot: slot('graft') },
      settings,
      'hold SLOT_BUSY',
    ],
    ['needs no budget', { ...calm, history: spent(99) }, settings, 'act'],
    [
      'is tried again after ten seconds',
      { ...calm, history: [entry('nospace', { outcome: 'stopped', endedAtMs: NOW_MS - 10_000 })] },
      settings,
      'act',
    ],
    [
      'waits twice as long after each further try in vain',
      { ...calm, history: [1, 2, 3].map(() => entry('nospace', { outcome: 'stopped', endedAtMs: NOW_MS - 39_999 })) },
      settings,
      'hold RETRY_LATER',
    ],
    [
      'waits ten minutes at most',
      {
        ...calm,
        history: Array.from({ length: 9 }, () => entry('nospace', { outcome: 'stopped', endedAtMs: NOW_MS - 600_000 })),
      },
      settings,
      'act',
    ],
    [
      'is not tried again before',
      { ...calm, history: [entry('nospace', { outcome: 'stopped', endedAtMs: NOW_MS - 9999 })] },
      settings,
      'hold RETRY_LATER',
    ],
    [
      'pages when the breaker is open',
      { ...calm, history: [1, 2, 3].map(() => entry('nospace', { outcome: 'failed' })) },
      settings,
      'hold page BREAKER_OPEN',
    ],
  ])('%s', (_name, given, when, expected) => {
    expect(short(gate(wants('nospace'), given, when))).toBe(`${expected} SPACE_RECLAIMABLE`);
  });

  it('is the only one that pages for being kept from acting', () => {
    const paging = operationNames.filter((name) => gate(wants(name), unarmed(1), settings).page === true);
    expect(paging).toEqual(['nospace']);
  });
});

function omitOwn({ ownOperations: _own, ...given }: ClusterState): ClusterState {
  return given;
}

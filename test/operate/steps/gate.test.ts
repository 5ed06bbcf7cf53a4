import { expect, test } from 'vitest';
import { AgentError } from '../../../src/cluster/agent-error.ts';
import type { ClusterState } from '../../../src/cluster/state.ts';
import type { OperationContext } from '../../../src/operate/operation.ts';
import { gate } from '../../../src/operate/steps/gate.ts';
import type { Parts } from '../../../src/operate/steps/parts.ts';
import { productionTiming } from '../../../src/operate/timing.ts';
import { member, state } from '../../decide/states.ts';

const well = state([member(1), member(2), member(3)]);
const { signal } = new AbortController();

/** What a look finds, or why it fails. */
type Seen = ClusterState | Error;

/** Looks by these states, the last one for ever; everybody answers. */
async function gated(states: readonly [Seen, ...Seen[]], silenceMs: number) {
  let looks = 0;
  const observe = async (): Promise<ClusterState> => {
    looks += 1;
    const seen = states[looks - 1] ?? states.at(-1) ?? states[0];
    if (seen instanceof Error) throw seen;
    return seen;
  };
  const effects = { defragInflight: async () => false, linearizableRead: async () => undefined };
  const parts = { effects, timing: { ...productionTiming, pollMs: 1, silenceMs } } as unknown as Parts;
  const came = await gate({ observe, signal } as unknown as OperationContext, parts, { withoutSpare: false });
  return { came: 'unsafe' in came ? came.unsafe.code : 'goes on', looks };
}

test.each<[string, Seen]>([
  ['a call that failed', new AgentError('ETCD_DEADLINE', 'MemberList on member m2: no answer in time.')],
  ['a quorum that did not confirm the member list', { ...well, linearizable: false }],
  ['a member that did not answer', state([member(1), member(2), member(3, { reachable: false })])],
  ['alarms that nobody told', { ...well, alarmsUnknown: true }],
])('%s in one look is no doubt where the next look finds all well', async (_, late) => {
  expect(await gated([late, well], 60_000)).toEqual({ came: 'goes on', looks: 2 });
});

test('what does not pass in time is a doubt', async () => {
  const { came, looks } = await gated([{ ...well, linearizable: false }], 50);
  expect(came).toBe('NO_QUORUM');
  expect(looks).toBeGreaterThan(1);
});

test.each<[string, string, ClusterState]>([
  ['CORRUPT', 'data that are corrupt', { ...well, alarms: [{ alarm: 'CORRUPT', member: 'm1', memberId: '1' }] }],
  ['LEARNER', 'a learner', state([member(1), member(2), member(3), member(4, { isLearner: true })])],
  ['NO_SPARE', 'no spare', state([member(1), member(2)])],
])('%s: %s is a doubt at the first look', async (code, _, doubtful) => {
  expect(await gated([doubtful, well], 60_000)).toEqual({ came: code, looks: 1 });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChaosCluster, startChaosCluster } from './chaos-cluster.ts';
import { defragsOf } from './defrag-log.ts';
import { type FaultPoint, isChange } from './fault-point.ts';
import { faultRun, type RunResult } from './fault-run.ts';
import { type ChangingOperation, provocations, untilReady } from './operations.ts';
import { until } from './waiting.ts';

/** Some of what `npm run chaos -- --enumerate` does at every call; for NOSPACE test/operate/nospace-faults.test.ts does it after every call, in one process. */

const TTL_MS = 3000;

/** An election on a busy machine may end an operation before the point: then it is tried again. */
const ATTEMPTS = 3;

let chaos: ChaosCluster;

beforeAll(async () => {
  chaos = await startChaosCluster();
}, 120_000);

afterAll(() => chaos[Symbol.asyncDispose]());

async function killedAt(operation: ChangingOperation, point: FaultPoint): Promise<RunResult> {
  let result = await faultRun(chaos, operation, point);
  for (let attempt = 1; !result.killed && attempt < ATTEMPTS; attempt += 1) {
    result = await faultRun(chaos, operation, point);
  }
  return result;
}

describe('the leading agent is killed in the middle of an operation, and another one goes on or backs out', () => {
  test.each<[string, ChangingOperation, FaultPoint]>([
    ['when it has just taken the slot', 'defrag', { call: 'slot#1', when: 'after' }],
    ['while the first member is being defragmented', 'defrag', { call: 'defragment#1', when: 'during' }],
    ['when it has announced that the raft leadership moves', 'defrag', { call: 'move-leader#1', when: 'before' }],
    ['when it has claimed a spare epoch under NOSPACE', 'nospace', { call: 'claim#1', when: 'after' }],
  ])('%s', { timeout: 300_000, retry: 2 }, async (_, operation, point) => {
    const { killed, problems, acknowledged } = await killedAt(operation, point);
    expect(killed).toBe(true);
    expect(problems).toEqual([]);
    expect(acknowledged).toBeGreaterThan(0);
  });
});

test('a leading agent that is stopped in the middle of a step for longer than its term does nothing more when it goes on', {
  timeout: 300_000,
  retry: 2,
}, async () => {
  await chaos.idle();
  await untilReady(chaos, 'defrag');
  const sinceMs = Date.now();
  const former = chaos.leader();
  const { epoch = 0n } = chaos.journal.leader ?? {};
  const before = former.calls().length;
  await former.arm({ point: { call: 'defragment#1', when: 'before' }, signal: 'SIGSTOP' });
  const provoked = await provocations.defrag(chaos);
  await until('it is not stopped', () => (former.stopped ? undefined : 'it runs'));
  await sleep(TTL_MS);
  await until('no other agent leads', () => {
    const now = chaos.agentOf(chaos.journal.leader?.memberId);
    return now === undefined || now === former ? 'the stopped one stands in the journal, or nobody' : undefined;
  });
  former.resume();
  await until('the operation has no end', () => provoked.unfinished());
  await chaos.idle();
  const calls = former.calls().slice(before);
  const struck = calls.findIndex(({ call }) => call === 'defragment#1');
  // It takes its own leader's key away, on the condition that it is still its own: that changes nothing any more.
  const changes = calls.slice(struck).filter(({ call }) => isChange(call) && !call.startsWith('resign#'));
  expect(changes).toEqual([
    expect.objectContaining({ call: 'defragment#1', edge: 'before' }),
    expect.objectContaining({ call: 'defragment#1', edge: 'after', code: expect.any(String) }),
  ]);
  // What was done was done by the other one: nobody twice.
  const defrags = chaos.cluster.members.flatMap((member) => defragsOf(member, sinceMs));
  expect(defrags.length).toBeLessThanOrEqual(chaos.agents.length);
  expect(provoked.entry()?.epoch).toBeGreaterThan(epoch);
});

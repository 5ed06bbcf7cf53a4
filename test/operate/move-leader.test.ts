import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterState } from '../../src/cluster/state.ts';
import { type Operating, operating } from './operating.ts';

describe('moving the raft leadership', () => {
  let on: Operating;
  beforeAll(async () => {
    on = await operating({ members: 3, version: '3.4' });
  });
  afterAll(() => on[Symbol.asyncDispose]());

  const move = async (from: string, to: string, effects: Parameters<Operating['run']>[0]['effects'] = {}) => {
    const term = await on.term();
    const journal = await on.slot(term, { operation: 'move-leader', targets: [to], parameters: { from, to } });
    return on.run({ term, journal, effects });
  };
  const other = async (): Promise<readonly [string, string, string]> => {
    const from = await on.leader();
    const [to = '', third = ''] = on.ids.filter((id) => id !== from);
    return [from, to, third];
  };

  test('is over when the target leads', async () => {
    const [from, to] = await other();
    const entry = await move(from, to);
    expect(entry).toMatchObject({ outcome: 'succeeded', steps: [{ name: 'move-leader', memberId: to }] });
    expect(await on.leader()).toBe(to);
    // As whoever takes over after the move sees it.
    expect(await move(from, to)).toMatchObject({ outcome: 'succeeded', steps: [] });
  });

  test('succeeds where the answer is lost and the target leads', async () => {
    const [from, to] = await other();
    const entry = await move(from, to, {
      moveLeader: async (...args) => {
        await on.effects.moveLeader(...args);
        throw new Error('the connection broke');
      },
    });
    expect(entry).toMatchObject({ outcome: 'succeeded' });
    expect(await on.leader()).toBe(to);
  });

  test('fails where etcd refuses, and says what etcd said', async () => {
    const [from, to] = await other();
    const entry = await move(from, to, { moveLeader: () => Promise.reject(new Error('not today')) });
    expect(entry).toMatchObject({ outcome: 'failed', code: 'MOVE_LEADER_FAILED' });
    expect(entry?.summary).toContain('not today');
    expect(await on.leader()).toBe(from);
  });

  test('does nothing where another member leads by now', async () => {
    const [from, to, third] = await other();
    expect(await move(third, to)).toMatchObject({ outcome: 'stopped', code: 'LEADER_CHANGED', steps: [] });
    expect(await on.leader()).toBe(from);
  });

  test.each<[string, (one: ClusterState['members'][number]) => Partial<ClusterState['members'][number]>]>([
    ['an arbiter', ({ agent }) => (agent === undefined ? {} : { agent: { ...agent, role: 'arbiter' } })],
    ['a learner', () => ({ isLearner: true })],
    ['behind', () => ({ lagEntries: 1001n })],
    ['not healthy', () => ({ healthy: false })],
  ])('never goes to a member that is %s', async (_, change) => {
    const [from, to] = await other();
    on.see((state) => ({
      ...state,
      members: state.members.map((one) => (one.id === to ? { ...one, ...change(one) } : one)),
    }));
    expect(await move(from, to)).toMatchObject({ outcome: 'stopped', code: 'NO_TRANSFEREE', steps: [] });
    on.see((state) => state);
    expect(await on.leader()).toBe(from);
  });
});

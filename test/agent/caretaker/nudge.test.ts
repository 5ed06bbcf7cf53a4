import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import type { RunningAgent } from '../running-agent.ts';
import { type ActingAgents, actingAgents, patience } from './acting-agents.ts';

describe('agents that are nudged', () => {
  let cluster: RealCluster;
  let acting: ActingAgents;
  beforeAll(async () => {
    cluster = await startCluster({ members: 3 });
    acting = await actingAgents(cluster, { 'observe.interval': '10s', 'observe.deadline': '5s' });
  });
  afterAll(async () => {
    await acting[Symbol.asyncDispose]();
    await cluster.close();
  });

  const nudge = async ({ url }: RunningAgent): Promise<unknown> => {
    const reply = await fetch(`${url}/api/v1/nudge`, { method: 'POST' });
    return [reply.status, ((await reply.json()) as { readonly heeded?: unknown }).heeded];
  };

  it('look and decide at once where they lead, and do nothing where they do not', async () => {
    const leader = await acting.leader();
    const decidedAtMs = (): number => leader.observation().caretaking?.decidedAtMs ?? 0;
    await expect.poll(decidedAtMs, patience).toBeGreaterThan(0);
    const before = decidedAtMs();
    expect(await nudge(leader)).toEqual([200, true]);
    await expect.poll(decidedAtMs, patience).toBeGreaterThan(before);
    for (const agent of acting.agents.filter((each) => each !== leader)) {
      expect(await nudge(agent)).toEqual([200, false]);
    }
  });

  it('heed few of a flood, and go on leading', async () => {
    const leader = await acting.leader();
    const begunMs = performance.now();
    const answers: unknown[] = [];
    for (let sent = 0; sent < 100; sent += 1) answers.push(await nudge(leader));
    const mostHeeded = 4 + Math.ceil((performance.now() - begunMs) / 5000);
    expect(answers.filter((answer) => `${answer}` === '200,true').length).toBeLessThanOrEqual(mostHeeded);
    expect(await acting.leader()).toBe(leader);
  });
});

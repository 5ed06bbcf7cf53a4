import { describe, expect, it, vi } from 'vitest';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { slowFsync } from '../real/slow-fsync.ts';
import { type RunningAgent, runningAgent } from './running-agent.ts';

const patient = { timeout: 60_000, interval: 200 };
const closely = { 'observe.peers.interval': '1s', 'observe.peers.timeout': '900ms' };

async function agentBeside(cluster: RealCluster): Promise<RunningAgent & AsyncDisposable> {
  const [member] = cluster.members;
  if (member === undefined) throw new Error('no member');
  const agent = await runningAgent(cluster, member, closely);
  return Object.assign(agent, { [Symbol.asyncDispose]: () => agent.close() });
}

/** With the member that each names; other causes may be right too on a machine that is busy. */
function named({ observation }: RunningAgent): readonly string[] {
  return (observation().diagnosis?.causes ?? []).map(({ verdict, member }) => `${verdict} of ${member}`);
}

describe('an agent beside a real etcd', () => {
  it('names that only the writes of etcd are slow, with numbers, in the API as well', async () => {
    await using cluster = await startCluster({ members: 1 });
    const [member] = cluster.members;
    if (member?.pid === undefined) throw new Error('no member');
    await using _slow = await slowFsync(member.pid, 150);
    await using agent = await agentBeside(cluster);
    await vi.waitFor(() => expect(named(agent)).toContain('etcd-io-limited of m1'), patient);
    const reply: unknown = await (await fetch(`${agent.url}/api/v1/diagnosis`)).json();
    expect(reply).toMatchObject({
      member: 'm1',
      causes: expect.arrayContaining([
        expect.objectContaining({
          verdict: 'etcd-io-limited',
          evidence: expect.arrayContaining([expect.stringMatching(/an fsync of the WAL takes \d+ ms \(p99/)]),
        }),
      ]),
    });
    const page = await (await fetch(`${agent.url}/metrics`)).text();
    expect(page).toContain('etcd_caretaker_diagnosis{verdict="etcd-io-limited",member="m1"} 1');
  });

  it('names the one link that has become slow, and no other', async () => {
    await using cluster = await startCluster({ members: 3, peerProxies: true });
    await using agent = await agentBeside(cluster);
    const probes = (): readonly number[] =>
      (agent.observation().sections.peers?.value?.peers ?? []).map(({ probes }) => probes.at(-1)?.latency.count ?? 0);
    const isMeasured = (): boolean => probes().length === 2 && probes().every((count) => count >= 3);
    await vi.waitFor(() => expect(isMeasured()).toBe(true), patient);
    cluster.peerProxies[2]?.delay(100);
    await vi.waitFor(() => expect(named(agent)).toContain('network-slow-to-peer of m3'), patient);
    expect(named(agent)).not.toContain('network-slow-to-peer of m2');
  });
});

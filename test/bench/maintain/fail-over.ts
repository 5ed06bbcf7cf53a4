import { setTimeout as sleep } from 'node:timers/promises';
import { moveLeader } from '../../../src/etcd/maintenance-calls.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, type RealMember, startCluster } from '../../real/cluster.ts';
import { Agents } from './agents.ts';
import { electionTimeoutMs, type MaintainRun } from './run.ts';
import { ms, table, verdict } from './table.ts';

const pollMs = 50;
const patienceMs = 120_000;
const roomMs = 2000;
const electionTimeouts = 2;

/**
 * Part E: how long nobody leads after the leading agent has been killed, by itself and together with its member, which is the
 * raft leader then (as when their machine dies).
 */
export async function failOver(run: MaintainRun): Promise<string> {
  await using cluster = await startCluster({ members: 3, version: run.version });
  await using agents = await Agents.start(cluster.members, run.set);
  await agents.leader();
  const ttlMs = (await grantedTtlSeconds(cluster)) * 1000;
  const [alone, together]: [number[], number[]] = [[], []];
  for (let i = 0; i < run.repetitions; i += 1) {
    alone.push(await withoutLeader(cluster, agents, false));
    together.push(await withoutLeader(cluster, agents, true));
  }
  const withElectionMs = ttlMs + electionTimeouts * electionTimeoutMs + roomMs;
  const row = (name: string, figures: readonly number[], mostMs: number): string[] => {
    const sorted = [...figures].sort((a, b) => a - b);
    const longest = sorted.at(-1) ?? Number.NaN;
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    return [name, String(sorted.length), ms(median), ms(longest), `at most ${ms(mostMs)}`, verdict(longest, mostMs)];
  };
  return table(
    [`until another agent leads (TTL ${ms(ttlMs)})`, 'times', 'median', 'longest', 'asked for', ''],
    [
      row('the leading agent killed', alone, ttlMs + roomMs),
      row('the leading agent and the raft leader killed', together, withElectionMs),
    ],
  );
}

/** Kills the leading agent, measures, and starts again what was killed. */
async function withoutLeader(cluster: RealCluster, agents: Agents, withMember: boolean): Promise<number> {
  const leader = await agents.leader();
  if (withMember) {
    await giveRaftLeadership(cluster, leader);
  }
  const killedMs = performance.now();
  await Promise.all([agents.kill(leader), ...(withMember ? [leader.kill()] : [])]);
  const others = cluster.members.filter((member) => member !== leader);
  while ((await agents.leading(others)).length === 0) {
    if (performance.now() - killedMs > patienceMs) {
      throw new Error(`no agent leads ${patienceMs / 1000} s after the one beside ${leader.name} was killed`);
    }
    await sleep(pollMs);
  }
  const tookMs = performance.now() - killedMs;
  await leader.start();
  await agents.restart(leader);
  return tookMs;
}

async function giveRaftLeadership(cluster: RealCluster, target: RealMember): Promise<void> {
  const clients = cluster.members.map(({ name, endpoint }) => new MemberClient({ member: name, endpoint }));
  try {
    for (;;) {
      const statuses = await Promise.all(clients.map((client) => client.status()));
      const targetId = statuses[cluster.members.indexOf(target)]?.header.memberId ?? '';
      if (statuses.every(({ leaderId }) => leaderId === targetId)) {
        return;
      }
      const from = clients[statuses.findIndex(({ header, leaderId }) => header.memberId === leaderId)];
      if (from !== undefined && statuses.every(({ leaderId }) => leaderId === statuses[0]?.leaderId)) {
        await moveLeader(from, targetId);
      }
      await sleep(pollMs);
    }
  } finally {
    for (const client of clients) {
      client.close();
    }
  }
}

/** What etcd has granted the leading agent, whatever the configuration says. */
async function grantedTtlSeconds(cluster: RealCluster): Promise<number> {
  // The id is beyond what JSON.parse keeps exactly.
  const leader = await cluster.etcdctl('get', '/etcd-caretaker/leader', '-w', 'json');
  const lease = BigInt(/"lease":(\d+)/.exec(leader)?.[1] ?? 0).toString(16);
  const { 'granted-ttl': seconds } = JSON.parse(await cluster.etcdctl('lease', 'timetolive', lease, '-w', 'json'));
  return Number(seconds);
}

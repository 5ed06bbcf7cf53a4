import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerReading } from '../../src/cluster/sections.ts';
import type { Status } from '../../src/expose/status.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { type RunningAgent, runningAgent } from './running-agent.ts';

type Probes = Readonly<Record<string, PeerReading['probes'][number]>>;

describe('an agent in a cluster whose peers reach each other over links that fail', () => {
  let cluster: RealCluster;
  const agents: RunningAgent[] = [];

  beforeEach(async () => {
    cluster = await startCluster({ members: 3, peerProxies: true });
  });

  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.close()));
    await cluster.close();
  });

  async function agentBeside(name: string): Promise<RunningAgent> {
    const member = cluster.members.find((each) => each.name === name);
    if (member === undefined) {
      throw new Error(`no member ${name}`);
    }
    const agent = await runningAgent(cluster, member, {
      'observe.peers.interval': '3s',
      'observe.peers.timeout': '2900ms',
    });
    agents.push(agent);
    await agent.statusWhen((now) => now.quorum?.votersReachable === 3 && now.ownMember?.state === 'healthy');
    return agent;
  }

  function linkTo(name: string): RealCluster['peerProxies'][number] {
    const link = cluster.peerProxies[cluster.members.findIndex((each) => each.name === name)];
    if (link === undefined) {
      throw new Error(`no link to ${name}`);
    }
    return link;
  }

  const probesOf = (agent: RunningAgent, name: string): Probes => {
    const peer = agent.observation().sections.peers?.value?.peers.find((each) => each.peer === name);
    return Object.fromEntries((peer?.probes ?? []).map((probe) => [probe.probe, probe]));
  };
  const codes = (status: Status): readonly string[] => status.findings.map(({ code }) => code);

  it('counts the failures of the one peer whose link is cut, and of no other, until it is whole again', async () => {
    const agent = await agentBeside('m1');
    await agent.statusWhen(() => (probesOf(agent, 'm3')['http']?.latency.count ?? 0) > 0);
    linkTo('m3').cut();
    const status = await agent.statusWhen(
      ({ members }) =>
        (probesOf(agent, 'm3')['http']?.failures ?? 0) > 1 && members.every(({ reachable }) => reachable),
    );
    const { http } = probesOf(agent, 'm3');
    expect(http?.fault?.code).toMatch(/^PEER_(CLOSED|UNREACHABLE)$/);
    expect(http).not.toHaveProperty('lastSeconds');
    for (const probe of Object.values(probesOf(agent, 'm2'))) {
      expect(probe).toMatchObject({ failures: 0, lastSeconds: expect.any(Number) });
    }
    const page = await (await fetch(`${agent.url}/metrics`)).text();
    expect(page).toMatch(/^etcd_caretaker_peer_probe_failures_total\{peer="m3",probe="http"\} [1-9]/m);
    expect(page).toMatch(/^etcd_caretaker_peer_probe_failures_total\{peer="m2",probe="http"\} 0$/m);
    // What clients see of the member is another link, and raft goes on over the connections that it opens itself.
    expect(codes(status)).not.toContain('NO_QUORUM_READ');

    linkTo('m3').heal();
    await agent.statusWhen(() => probesOf(agent, 'm3')['http']?.lastSeconds !== undefined);
    expect(probesOf(agent, 'm3')['http']).not.toHaveProperty('fault');
  });

  it('sees another leader, and which peer answers no more, when nothing comes from the leader', async () => {
    const first = await agentBeside('m1');
    const before = await first.statusWhen((now) => now.cluster.leader !== undefined);
    const leader = before.cluster.leader?.name ?? '';
    const agent = leader === 'm1' ? await agentBeside('m2') : first;
    linkTo(leader).drop('fromTarget');
    const after = await agent.statusWhen(
      ({ cluster: { leader: now }, members }) =>
        now !== undefined && now.name !== leader && members.every(({ reachable }) => reachable),
    );
    expect(after.cluster.raftTerm).toBeGreaterThan(before.cluster.raftTerm ?? 0n);
    await agent.statusWhen(() => (probesOf(agent, leader)['http']?.failures ?? 0) > 0);
    const { tcp, http } = probesOf(agent, leader);
    // One way still works: the port takes connections, and nothing ever comes back.
    expect(tcp).toMatchObject({ failures: 0, lastSeconds: expect.any(Number) });
    expect(http?.fault?.code).toBe('PEER_TIMEOUT');
  });

  it('says that no quorum confirms anything while all links are cut, though every member answers', async () => {
    const agent = await agentBeside('m1');
    for (const link of cluster.peerProxies) {
      link.cut();
    }
    const cut = await agent.statusWhen(
      ({ ownMember, members, cluster: { linearizable, leader } }) =>
        ownMember?.state === 'no-quorum' &&
        members.every(({ healthy, reachable }) => reachable && !healthy) &&
        linearizable === false &&
        leader === undefined,
    );
    expect(codes(cut)).toContain('NO_QUORUM_READ');
    await agent.statusWhen(() => ['m2', 'm3'].every((name) => (probesOf(agent, name)['http']?.failures ?? 0) > 0));

    for (const link of cluster.peerProxies) {
      link.heal();
    }
    const whole = await agent.statusWhen(
      ({ ownMember, cluster: { linearizable, leader } }) =>
        ownMember?.state === 'healthy' && linearizable === true && leader !== undefined,
    );
    expect(codes(whole)).not.toContain('NO_QUORUM_READ');
  });
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { toJson } from '../../src/expose/http/json.ts';
import type { Status } from '../../src/expose/status.ts';
import { watchEvents } from '../expose/support/event-client.ts';
import { type RealCluster, type RealMember, startCluster } from '../real/cluster.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';
import { type RunningAgent, runningAgent } from './running-agent.ts';

const agents: RunningAgent[] = [];

async function agentBeside(
  cluster: RealCluster,
  member: RealMember | undefined,
  set: Readonly<Record<string, string>> = {},
): Promise<RunningAgent> {
  if (member === undefined) {
    throw new Error('no such member');
  }
  const agent = await runningAgent(cluster, member, set);
  agents.push(agent);
  return agent;
}

const seen = (status: Status): boolean => status.quorum !== undefined && status.ownMember !== undefined;
const codes = (status: Status): readonly string[] => status.findings.map(({ code }) => code);

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

describe.each(['3.4', '3.5'] as const)('an agent beside a member of etcd %s', (version) => {
  let cluster: RealCluster;

  beforeAll(async () => {
    cluster = await startCluster({ members: 3, version });
  });

  afterAll(async () => {
    await cluster.close();
  });

  it('sees every member, the leader and every collector succeed', async () => {
    const agent = await agentBeside(cluster, cluster.members[0]);
    const status = await agent.statusWhen(
      (now) => now.quorum?.votersReachable === 3 && now.faults.length === 0 && now.agent.rounds > 1,
    );
    expect(status.quorum).toEqual({
      voters: 3,
      learners: 0,
      votersReachable: 3,
      size: 2,
      holds: true,
      faultTolerance: 1,
    });
    expect(status.members.map(({ name }) => name).toSorted()).toEqual(['m1', 'm2', 'm3']);
    expect(status.members.filter(({ role }) => role === 'leader')).toHaveLength(1);
    expect(status.members.find(({ own }) => own)?.name).toBe('m1');
    expect(Object.values(agent.observation().collectors).every(({ success }) => success)).toBe(true);
  });

  it('serves what it saw as metrics, and says that it is ready', async () => {
    const agent = await agentBeside(cluster, cluster.members[0]);
    await agent.statusWhen((now) => now.quorum?.voters === 3 && seen(now));
    const page = await (await fetch(`${agent.url}/metrics`)).text();
    expect(page).toContain('etcd_caretaker_up 1');
    expect(page).toMatch(/etcd_caretaker_cluster_members\{role="voter"\} 3/);
    // It is ready when the whole first round has ended, which a busy machine takes its time for.
    const ready = async (): Promise<number> => (await fetch(`${agent.url}/readyz`)).status;
    await expect.poll(ready, { timeout: 60_000 }).toBe(200);
    const stream = await watchEvents({ address: { host: '127.0.0.1', port: Number(new URL(agent.url).port) } });
    const { data } = await stream.eventWhen((event) => event.name === 'members' && toJson(event.data).includes('"rtt'));
    const own = { member: 'm1', own: true, brief: { peers: [{}, {}], quota: { dbSizeBytes: expect.any(Number) } } };
    const others = ['m2', 'm3'].map((member) => ({ member, own: false, fault: { code: 'AGENT_NOT_KNOWN' } }));
    for (const sight of [own, ...others]) {
      expect((data as readonly { member: string }[]).find(({ member }) => member === sight.member)).toMatchObject(
        sight,
      );
    }
    await stream.eventWhen((event) => event.name === 'history' && toJson(event.data).includes('"times":[1'));
    stream.leave();
  });

  it('says which member is down, that quorum is lost, and that it is back', async () => {
    const [own, second, third] = cluster.members;
    const agent = await agentBeside(cluster, own);
    await third?.kill();
    const isDown = ({ members }: Status): boolean => members.some(({ name, reachable }) => name === 'm3' && !reachable);
    const degraded = await agent.statusWhen((now) => now.quorum?.votersReachable === 2 && isDown(now));
    expect(degraded.quorum?.holds).toBe(true);
    expect(degraded.members.find(({ reachable }) => !reachable)).toMatchObject({
      name: 'm3',
      fault: { code: 'ETCD_UNREACHABLE' },
    });
    second?.pause();
    const lost = await agent.statusWhen((now) => now.quorum?.votersReachable === 1);
    expect(lost.quorum).toMatchObject({ voters: 3, size: 2, holds: false });
    const unread = await agent.statusWhen(
      (now) => now.ownMember?.state === 'no-quorum' && now.cluster.linearizable === false,
    );
    expect(codes(unread)).toContain('NO_QUORUM_READ');
    second?.resume();
    await third?.start();
    await agent.statusWhen(
      ({ quorum, ownMember, cluster: { linearizable } }) =>
        quorum?.votersReachable === 3 && ownMember?.state === 'healthy' && linearizable === true,
    );
  });

  it('sees the cluster through the others while its own member is down', async () => {
    const own = cluster.members[1];
    const agent = await agentBeside(cluster, own);
    await agent.statusWhen(seen);
    await own?.kill();
    const status = await agent.statusWhen((now) => now.quorum?.votersReachable === 2 && now.ownMember === undefined);
    expect(status.faults.map(({ collector }) => collector)).toContain('member');
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    await own?.start();
    await agent.statusWhen((now) => now.ownMember?.state === 'healthy');
  });

  it('counts the lost quorum against the members that it saw last, when none of them answers any more', async () => {
    const agent = await agentBeside(cluster, cluster.members[0]);
    await agent.statusWhen(({ quorum, ownMember }) => quorum?.votersReachable === 3 && ownMember !== undefined);
    await Promise.all(cluster.members.map((member) => member.kill()));
    const lost = await agent.statusWhen(
      (now) =>
        now.quorum?.votersReachable === 0 && now.ownMember === undefined && now.cluster.listAgeSeconds !== undefined,
    );
    expect(lost.quorum).toMatchObject({ voters: 3, size: 2, holds: false, faultTolerance: 0 });
    expect(lost.cluster.linearizable).toBe(false);
    expect(codes(lost)).toContain('MEMBER_LIST_REMEMBERED');
    expect(lost.members.map(({ name }) => name).toSorted()).toEqual(['m1', 'm2', 'm3']);
    for (const member of lost.members) {
      expect(member).toMatchObject({ reachable: false, healthy: false, fault: { code: 'ETCD_UNREACHABLE' } });
      // Only who the members are is remembered.
      expect(member).not.toHaveProperty('version');
      expect(member).not.toHaveProperty('dbSizeBytes');
    }
    expect(lost.cluster).not.toHaveProperty('raftTerm');
    const page = await (await fetch(`${agent.url}/metrics`)).text();
    expect(page).toMatch(/^etcd_caretaker_cluster_voters_reachable 0$/m);
    expect(page).toMatch(/^etcd_caretaker_cluster_quorum_size 2$/m);
    expect(page).toMatch(/^etcd_caretaker_member_reachable\{member="m2"\} 0$/m);
    expect(page).not.toMatch(/^etcd_caretaker_(raft_term|member_raft_index|member_db_size_bytes)\b/m);

    const unknowing = await agentBeside(cluster, cluster.members[1]);
    const unknown = await unknowing.statusWhen(({ faults }) => faults.some(({ collector }) => collector === 'cluster'));
    expect(unknown.quorum).toBeUndefined();

    await Promise.all(cluster.members.map((member) => member.start()));
    await agent.statusWhen((now) => now.quorum?.votersReachable === 3 && now.cluster.linearizable === true);
  });

  it('says that its name is not that of its member, and that a metrics page is that of another member', async () => {
    const [own, other] = cluster.members;
    const agent = await agentBeside(cluster, own, {
      'member.name': 'WRONG',
      'member.metricsUrl': other?.metricsUrl ?? '',
    });
    const { faults } = await agent.statusWhen(
      (now) => codes(now).includes('MEMBER_NAME_MISMATCH') && now.faults.length === 2,
    );
    expect(faults).toMatchObject([
      { collector: 'wal', code: 'ETCD_WRONG_MEMBER' },
      { collector: 'requests', code: 'ETCD_WRONG_MEMBER' },
    ]);
    await agent.statusWhen((now) => now.agent.rounds > 0);
    const ready = await fetch(`${agent.url}/readyz`);
    expect({ status: ready.status, body: await ready.text() }).toEqual({
      status: 503,
      body: expect.stringMatching(/^MEMBER_NAME_MISMATCH: .*called m1.*Set member\.name to m1/),
    });
    expect((await fetch(`${agent.url}/metrics`)).status).toBe(200);
    expect(agent.observation().sections.quota?.value?.quotaSource).not.toBe('metrics');
  });

  it('refuses to take the answer of another member for that of its own', async () => {
    const [own, other] = cluster.members;
    if (own === undefined || other === undefined) {
      throw new Error('no members');
    }
    await using balancer = await startTcpProxy(Number(new URL(other.endpoint).port));
    const agent = await agentBeside(cluster, own, { 'member.endpoint': `http://${balancer.address}` });
    const status = await agent.statusWhen(
      (now) => now.faults.some(({ collector }) => collector === 'member') && now.quorum?.votersReachable === 3,
    );
    expect(status.faults.find(({ collector }) => collector === 'member')?.code).toBe('ETCD_WRONG_MEMBER');
  });

  it('refuses the data dir of another etcd on the machine, and writes nothing there', async () => {
    const [own, other] = cluster.members;
    const agent = await agentBeside(cluster, own, { 'member.dataDir': other?.dataDir ?? '' });
    // On a busy machine the first search for etcd may be given up before it has found anything.
    const status = await agent.statusWhen(
      ({ faults }) =>
        faults.some(({ code }) => code === 'ETCD_PROCESS_FOREIGN') &&
        ['process', 'disk', 'filesystem'].every((name) => faults.some(({ collector }) => collector === name)),
    );
    expect(status.faults.find(({ collector }) => collector === 'process')).toMatchObject({
      code: 'ETCD_PROCESS_FOREIGN',
      message: expect.stringContaining(`${other?.dataDir} belongs to another etcd (process ${other?.pid})`),
    });
    await vi.waitFor(
      () =>
        expect(agent.observation().sections['fsync-probe']?.value?.probes[0]).toMatchObject({
          idle: expect.stringContaining('another etcd'),
          latency: { count: 0 },
        }),
      { timeout: 30_000 },
    );
    expect(readdirSync(join(other?.dataDir ?? '', 'member')).toSorted()).toEqual(['snap', 'wal']);
  });

  it('starts before its member does', async () => {
    const own = cluster.members[2];
    await own?.kill();
    const agent = await agentBeside(cluster, own);
    await agent.statusWhen((now) => now.quorum?.votersReachable === 2);
    await own?.start();
    await agent.statusWhen((now) => now.ownMember?.state === 'healthy');
  });
});

describe('an agent beside a member that is not well', () => {
  it('says NOSPACE while writes are refused', async () => {
    await using cluster = await startCluster({ members: 1, quotaBytes: 16 * 2 ** 20 });
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    let refusal: unknown;
    for (let i = 0; i < 30 && refusal === undefined; i += 1) {
      refusal = await client.put(Buffer.from(`key-${i}`), Buffer.alloc(1_000_000)).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    client.close();
    expect(refusal).toMatchObject({ code: 'ETCD_NOSPACE' });
    const agent = await agentBeside(cluster, cluster.members[0]);
    const status = await agent.statusWhen((now) => now.ownMember?.state === 'nospace' && now.alarms.length > 0);
    expect(status.alarms).toMatchObject([{ member: 'm1', alarm: 'NOSPACE' }]);
  });

  it('knows a learner for one', async () => {
    await using cluster = await startCluster({ members: 1 });
    await using spare = await startCluster({ members: 1 });
    const url = spare.members[0]?.peerUrl ?? '';
    await spare.members[0]?.kill();
    await cluster.etcdctl('member', 'add', 'm2', '--learner', `--peer-urls=${url}`);
    const agent = await agentBeside(cluster, cluster.members[0]);
    const status = await agent.statusWhen((now) => now.quorum?.learners === 1 && now.quorum.votersReachable === 1);
    expect(status.quorum).toMatchObject({ voters: 1, size: 1 });
    expect(status.members.find(({ voter }) => !voter)?.role).toBe('unstarted');
  });

  it('stays up with the wrong certificate and says which', async () => {
    await using cluster = await startCluster({ members: 1, tls: 'mtls' });
    await using stranger = await startCluster({ members: 1, tls: 'mtls' });
    const agent = await agentBeside(cluster, cluster.members[0], { 'cluster.tls.ca': stranger.certs?.ca ?? '' });
    const status = await agent.statusWhen((now) => now.faults.some(({ collector }) => collector === 'member'));
    expect(status.faults.find(({ collector }) => collector === 'member')?.code).toBe('ETCD_TLS_UNTRUSTED');
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
  });

  it('sees all of a cluster with mutual TLS, its peers included', async () => {
    await using cluster = await startCluster({ members: 3, tls: 'mtls' });
    const agent = await agentBeside(cluster, cluster.members[0]);
    const peersNow = () => agent.observation().sections.peers?.value?.peers ?? [];
    const areMeasured = (): boolean =>
      peersNow().length === 2 && peersNow().every(({ probes }) => probes.every(({ latency }) => latency.count > 0));
    await agent.statusWhen(
      (now) => now.quorum?.votersReachable === 3 && now.faults.length === 0 && now.agent.rounds > 2 && areMeasured(),
    );
    const peers = peersNow();
    expect(peers).toHaveLength(2);
    for (const { probes } of peers) {
      expect(probes.filter(({ latency }) => latency.count > 0).map(({ probe }) => probe)).toEqual([
        'tcp',
        'tls',
        'http',
      ]);
    }
  });
});

it('counts the lost quorum of a cluster of one also while that one is paused', async () => {
  await using cluster = await startCluster();
  const [own] = cluster.members;
  const agent = await agentBeside(cluster, own);
  await agent.statusWhen(seen);
  own?.pause();
  try {
    const lost = await agent.statusWhen((now) => now.quorum?.votersReachable === 0 && now.ownMember === undefined);
    expect(lost.quorum).toMatchObject({ voters: 1, size: 1, holds: false });
    expect(lost.members).toMatchObject([{ name: 'm1', reachable: false, fault: { code: expect.any(String) } }]);
  } finally {
    own?.resume();
  }
});

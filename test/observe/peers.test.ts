import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { PeerProbe, PeerReading, PeersSection } from '../../src/cluster/sections.ts';
import type { Collector, Round } from '../../src/observe/collector.ts';
import { type PeersOptions, peersCollector } from '../../src/observe/peers.ts';
import { startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';
import { listed, membersOf, roundOf, roundWithoutMember } from './member-sources.ts';
import { asEtcd, startFakePeer } from './peer-probe/fake-peer.ts';

const open: Collector<'peers'>[] = [];

afterEach(() => Promise.all(open.splice(0).map((collector) => collector.close?.())));

const collectorWith = (options: Partial<PeersOptions> = {}): Collector<'peers'> => {
  const collector = peersCollector({ intervalMs: 20, timeoutMs: 10_000, ...options });
  open.push(collector);
  return collector;
};

/** Collects until `enough` holds; fails with the newest section when it does not within 40 s. */
const until = async (
  collector: Collector<'peers'>,
  round: Round,
  enough: (section: PeersSection) => boolean,
): Promise<PeersSection> => {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const section = await collector.collect(round);
    if (enough(section)) {
      return section;
    }
    if (performance.now() > deadline) {
      throw new Error(`not reached: ${JSON.stringify(section, undefined, 1)}`);
    }
    await sleep(20);
  }
};

const probeOf = ({ probes }: PeerReading, name: PeerProbe): PeerReading['probes'][number] => {
  const found = probes.find(({ probe }) => probe === name);
  if (found === undefined) {
    throw new Error(`no probe ${name}`);
  }
  return found;
};

const hasSamples = (count: number) => (section: PeersSection) =>
  section.peers.length > 0 &&
  section.peers.every(({ probes }) => probes.every(({ latency, failures }) => latency.count + failures >= count));

describe.each(['3.4', '3.5'] as const)('with real members of etcd %s under mTLS', (version) => {
  test('every other member is measured by TCP, TLS and HTTP, and its clock agrees with ours', async () => {
    await using cluster = await startCluster({ members: 3, tls: 'mtls', version });
    const { ca = '', peerCert = '', peerKey = '' } = cluster.certs ?? {};
    const collector = collectorWith({ tls: { ca, cert: peerCert, key: peerKey } });
    const { peers, findings } = await until(collector, roundOf(membersOf(cluster), 'm1'), hasSamples(2));
    expect(peers.map(({ peer }) => peer)).toEqual(['m2', 'm3']);
    expect(findings).toEqual([]);
    for (const peer of peers) {
      expect(peer.probes.map(({ probe, failures, fault }) => ({ probe, failures, fault }))).toEqual([
        { probe: 'tcp', failures: 0, fault: undefined },
        { probe: 'tls', failures: 0, fault: undefined },
        { probe: 'http', failures: 0, fault: undefined },
      ]);
      expect(peer.probes.every(({ lastSeconds = 0 }) => lastSeconds > 0)).toBe(true);
      expect(Math.abs(peer.clockSkewSeconds ?? 1)).toBeLessThanOrEqual((peer.clockSkewErrorSeconds ?? 0) + 0.001);
    }
    expect(cluster.members[1]?.log()).not.toContain('rejected connection');
  });

  test('without a certificate TCP and TLS are measured, and that HTTP cannot be is said once', async () => {
    await using cluster = await startCluster({ members: 3, tls: 'mtls', version });
    const { ca = '' } = cluster.certs ?? {};
    const collector = collectorWith({ tls: { ca } });
    const isMeasured = ({ peers }: PeersSection): boolean =>
      peers.length === 2 && peers.every((peer) => probeOf(peer, 'http').fault !== undefined);
    const { peers, findings } = await until(collector, roundOf(membersOf(cluster), 'm1'), isMeasured);
    expect(findings).toMatchObject([{ code: 'PEER_CLIENT_CERT_REQUIRED', severity: 'info' }]);
    expect(findings[0]?.message).toMatch(/m2, m3/);
    for (const peer of peers) {
      expect(probeOf(peer, 'tls').latency.count).toBe(1);
      expect(probeOf(peer, 'http')).toMatchObject({ failures: 0, impossible: true });
    }
    // Etcd logs each attempt, so there are to be few of them.
    const attempts = (): number => (cluster.members[1]?.log().split('rejected connection').length ?? 0) - 1;
    await vi.waitFor(() => expect(attempts()).toBe(1), { timeout: 40_000 });
    await sleep(300);
    expect(attempts()).toBe(1);
  });

  test('a paused member still takes TCP connections, a stopped one refuses everything', async () => {
    await using cluster = await startCluster({ members: 3, tls: 'mtls', version });
    const [, paused, stopped] = cluster.members;
    const { ca = '', peerCert = '', peerKey = '' } = cluster.certs ?? {};
    paused?.pause();
    await stopped?.kill();
    const collector = collectorWith({ tls: { ca, cert: peerCert, key: peerKey }, timeoutMs: 2000 });
    const { peers } = await until(collector, roundOf(membersOf(cluster), 'm1'), hasSamples(2));
    const failuresAndFaults = (name: string): unknown =>
      peers
        .find(({ peer }) => peer === name)
        ?.probes.map(({ probe, failures, fault }) => [probe, failures > 0, fault?.code]);
    expect(failuresAndFaults('m2')).toEqual([
      ['tcp', false, undefined],
      ['tls', true, 'PEER_TIMEOUT'],
      ['http', true, 'PEER_TIMEOUT'],
    ]);
    expect(failuresAndFaults('m3')).toEqual([
      ['tcp', true, 'PEER_REFUSED'],
      ['tls', true, 'PEER_REFUSED'],
      ['http', true, 'PEER_REFUSED'],
    ]);
    paused?.resume();
  });
});

test('a peer that hangs does not slow the probing of another', async () => {
  const silent = createServer(() => undefined);
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  await using healthy = await startFakePeer(asEtcd());
  const collector = collectorWith();
  const round = roundOf([listed('b', 'hangs', [`http://127.0.0.1:${port}`]), listed('c', 'well', [healthy.url])], 'a');
  const { peers } = await until(collector, round, (section) =>
    section.peers.some(({ probes }) => probes.every(({ latency }) => latency.count >= 5)),
  );
  expect(peers.find(({ peer }) => peer === 'hangs')?.probes).toMatchObject([
    { probe: 'tcp', failures: 0, latency: { count: 0 } },
    { probe: 'http', failures: 0, latency: { count: 0 } },
  ]);
  silent.close();
});

test('a removed member is gone, and its successor of the same name starts anew', async () => {
  await using first = await startFakePeer(asEtcd());
  const collector = collectorWith();
  const before = await until(collector, roundOf([listed('b', 'm2', [first.url])], 'a'), hasSamples(50));
  expect(before.peers).toHaveLength(1);
  const replaced = await collector.collect(roundOf([listed('b2', 'm2', [first.url])], 'a'));
  expect(replaced.peers).toMatchObject([{ peer: 'm2', peerId: 'b2' }]);
  expect(Math.max(...replaced.peers.flatMap(({ probes }) => probes.map(({ latency }) => latency.count)))).toBeLessThan(
    50,
  );
  expect((await collector.collect(roundOf([], 'a'))).peers).toEqual([]);
});

test('every URL of a member is probed; the own member and one that never started are not', async () => {
  await using peer = await startFakePeer(asEtcd());
  const dead = `http://127.0.0.1:${await freePort()}`;
  const collector = collectorWith();
  const members = [listed('a', 'm1', [peer.url]), listed('b', 'm2', [peer.url, dead]), listed('c', '', [peer.url])];
  const { peers } = await until(collector, roundOf(members, 'a'), hasSamples(2));
  expect(peers.map(({ peer: name, url }) => [name, url])).toEqual([
    ['m2', peer.url],
    ['m2', dead],
  ]);
  expect(peers.map((each) => probeOf(each, 'tcp').failures > 0)).toEqual([false, true]);
});

test('while the own member does not answer, the known peers go on being probed', async () => {
  await using peer = await startFakePeer(asEtcd());
  const collector = collectorWith();
  await expect(collector.collect(roundWithoutMember())).rejects.toThrow('the own member does not answer');
  await until(collector, roundOf([listed('b', 'm2', [peer.url])], 'a'), hasSamples(1));
  const { peers } = await until(collector, roundWithoutMember(), hasSamples(3));
  expect(peers).toHaveLength(1);
});

test('a peer that comes back is measured again, and its failures stay counted', async () => {
  const port = await freePort();
  const collector = collectorWith();
  const round = roundOf([listed('b', 'm2', [`http://127.0.0.1:${port}`])], 'a');
  await until(collector, round, hasSamples(2));
  const server = createHttpServer(asEtcd());
  server.listen(port, '127.0.0.1');
  const { peers } = await until(collector, round, ({ peers: [peer] }) => peer?.clockSkewSeconds !== undefined);
  expect(peers[0] && probeOf(peers[0], 'http')).toMatchObject({ failures: expect.any(Number) });
  expect(peers[0] && probeOf(peers[0], 'http').failures).toBeGreaterThanOrEqual(2);
  expect(peers[0] && probeOf(peers[0], 'http').fault).toBeUndefined();
  server.closeAllConnections();
  server.close();
});

test('a clock that is two minutes behind is a finding', async () => {
  await using peer = await startFakePeer(asEtcd(-120));
  const collector = collectorWith();
  const { peers, findings } = await until(collector, roundOf([listed('b', 'm2', [peer.url])], 'a'), hasSamples(1));
  const { clockSkewSeconds = 0, clockSkewErrorSeconds = 0 } = peers[0] ?? {};
  expect(Math.abs(clockSkewSeconds + 120)).toBeLessThanOrEqual(clockSkewErrorSeconds + 0.001);
  // How exactly it is known depends on how long the answer took.
  const message = expect.stringMatching(/^The clock of m2 is 1(19|2[01])\.\d s behind ours\.$/);
  expect(findings).toMatchObject([{ code: 'CLOCK_SKEW', message }]);
});

test('a peer URL that is no URL is a finding, and does not hide the others', async () => {
  await using peer = await startFakePeer(asEtcd());
  const collector = collectorWith();
  const round = roundOf([listed('b', 'm2', ['unix:///m2.sock']), listed('c', 'm3', [peer.url])], 'a');
  const { peers, findings } = await until(collector, round, hasSamples(1));
  expect(peers.map(({ peer: name }) => name)).toEqual(['m3']);
  expect(findings).toMatchObject([{ code: 'PEER_URL_UNUSABLE' }]);
});

test('histograms are cumulative over the edges of all probes', async () => {
  await using peer = await startFakePeer(asEtcd());
  const collector = collectorWith();
  const { peers } = await until(collector, roundOf([listed('b', 'm2', [peer.url])], 'a'), hasSamples(5));
  for (const { latency } of peers[0]?.probes ?? []) {
    expect(latency.edges).toEqual([0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1]);
    expect(latency.counts).toEqual([...latency.counts].sort((a, b) => a - b));
    expect(latency.counts.at(-1)).toBeLessThanOrEqual(latency.count);
  }
});

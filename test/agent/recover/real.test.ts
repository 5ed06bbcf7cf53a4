import { chown, lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecoverParticipant } from '../../../src/agent/recover/participant.ts';
import { pointIn } from '../../../src/agent/recover/point.ts';
import { type RecoverAgents, type RecoveredMember, recoveryPaths } from '../../../src/agent/recover/ports.ts';
import { PromiseFile } from '../../../src/agent/recover/promise-file.ts';
import { Recovery } from '../../../src/agent/recover/recovery.ts';
import { storeReach } from '../../../src/agent/recover/store-place.ts';
import { planFrom, toWire } from '../../../src/agent/recover/wire.ts';
import { recoverWork } from '../../../src/agent/recover/work.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import type { OwnMemberView } from '../../../src/cluster/own-member.ts';
import type { LastList } from '../../../src/cluster/recovery.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { inspectDataDir } from '../../../src/datadir/inspect.ts';
import { quarantine } from '../../../src/datadir/quarantine.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { writeFull } from '../../backup/restore/written-backup.ts';
import { type RealCluster, type RealMember, startCluster } from '../../real/cluster.ts';
import { silentEvents } from './silent-events.ts';

const never = new AbortController().signal;

/** Real etcds with agents that have nothing else to do than to recover them, and that call each other directly. */
class Agents implements AsyncDisposable {
  readonly all = new Map<string, { readonly participant: RecoverParticipant; readonly recovery: Recovery }>();

  static async start(cluster: RealCluster, list: LastList, folder: string): Promise<Agents> {
    const agents = new Agents();
    for (const member of cluster.members) await agents.#add(member, cluster, list, folder);
    return agents;
  }

  async #add(member: RealMember, { binaries }: RealCluster, list: LastList, folder: string): Promise<void> {
    const { name, dataDir, peerUrl } = member;
    const { config } = await loadConfig({
      env: {},
      flags: {
        ...{ 'member.name': name, 'member.dataDir': dataDir, 'cluster.name': 'test' },
        ...{ 'backup.store': `file://${join(folder, 'store')}`, 'backup.lastGasp.dir': join(folder, 'gasps') },
      },
    });
    const own = async (): Promise<OwnMemberView> => ({
      ...{ kind: 'child', bootstrapped: true, restarts: 0, quarantine: [] },
      process: member.running ? { state: 'running', adopted: false } : { state: 'stopped' },
      dataDir: await inspectDataDir({ dataDir }, never, { depth: 'quick' }),
    });
    let seen = await own();
    const kept: RecoveredMember = {
      hold: () => undefined,
      release: () => undefined,
      look: async () => (seen = await own()),
      stop: () => member.stop(),
      start: () => member.start({ wait: false }),
      putAside: async (reason, signal) => (await quarantine({ dataDir }, reason, Date.now(), signal))?.bytes ?? 0,
      serves: () => member.ready(),
    };
    const participant = new RecoverParticipant({
      name,
      promises: await PromiseFile.open(join(folder, 'state', name)),
      member: kept,
      work: recoverWork(config, () => ({ etcd: binaries.etcd, restorer: binaries.etcdutl ?? binaries.etcdctl })),
      agents: this.#calls,
      evidence: () => ({ member: name, peerUrl, quorum: 'lost', own: seen, list, sightings: [] }),
      log: () => undefined,
    });
    const recovery = new Recovery({
      ...{ name, participant, agents: this.#calls, log: () => undefined },
      sightings: { lostForMs: () => 0, lostAtMs: undefined },
      expected: () => list.members.map((one) => ({ name: one.name, agentUrl: one.name, peerUrls: one.peerUrls })),
      unattended: { mode: 'manual', afterMs: 1 },
      events: silentEvents,
      stores: (of, signal) => storeReach(config, of, signal),
      pointIn: (point, of, signal) => pointIn(point, config, of, signal),
    });
    this.all.set(name, { participant, recovery });
  }

  /** Goes over JSON, as between machines. */
  readonly #calls: RecoverAgents = {
    get: async ({ name }) => JSON.parse(toWire(this.all.get(name)?.participant.evidence())),
    post: async ({ name }, path, body) => {
      const json = JSON.parse(toWire(body));
      const participant = this.all.get(name)?.participant;
      if (path === recoveryPaths.prepare) return await participant?.prepare(planFrom(json));
      return path === recoveryPaths.step
        ? await participant?.step(json.planId, json.step)
        : await participant?.abandon(json.planId);
    },
    listens: async () => false,
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { participant, recovery } of this.all.values()) {
      await recovery[Symbol.asyncDispose]();
      await participant[Symbol.asyncDispose]();
    }
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-recovered-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a cluster comes back from one disk, and then from the store alone', async () => {
  await using cluster = await startCluster({ version: '3.5', members: 3 });
  const [first] = cluster.members;
  if (first === undefined) throw new Error('no member');
  const put = async (name: string): Promise<void> => {
    const client = new MemberClient({ member: first.name, endpoint: first.endpoint });
    await client.put(Buffer.from(name), Buffer.from('there'));
    client.close();
  };
  const there = async (): Promise<readonly string[]> => {
    const client = new MemberClient({ member: first.name, endpoint: first.endpoint });
    const { kvs } = await client.range({ key: Buffer.from('/'), rangeEnd: Buffer.from('0') });
    client.close();
    return kvs.map(({ key }) => key.toString());
  };
  await put('/backed-up');
  const client = new MemberClient({ member: first.name, endpoint: first.endpoint });
  await writeFull(storeAt(new LocalStore(join(folder, 'store')), 'test/t1'), client, join(folder, 'spool'));
  const { header, members } = await client.memberList();
  client.close();
  await put('/on-disk');
  const lost = async (names: readonly string[]): Promise<void> => {
    await Promise.all(cluster.members.map((member) => member.kill()));
    for (const { name, dataDir } of cluster.members) {
      if (names.includes(name)) await rm(dataDir, { recursive: true });
    }
  };
  const recovered = async (list: LastList): Promise<unknown> => {
    await using agents = await Agents.start(cluster, list, folder);
    const recovery = agents.all.get('m2')?.recovery;
    await recovery?.run({ lost: [] }, never);
    await expect.poll(() => recovery?.evidence().run?.outcome, { timeout: 60_000 }).not.toBe('running');
    return recovery?.evidence().run;
  };

  const list = { clusterId: header.clusterId, atMs: 0, members };
  await lost(['m2', 'm3']);
  expect(await recovered(list)).toMatchObject({ outcome: 'succeeded', plan: { kind: 'seed-from-member', seed: 'm1' } });
  expect(await there()).toEqual(['/backed-up', '/on-disk']);

  await lost(['m1']);
  expect(await recovered(list)).toMatchObject({ outcome: 'succeeded', plan: { kind: 'seed-from-store', seed: 'm1' } });
  expect(await there()).toEqual(['/backed-up']);
});

test('a cluster that runs goes back to the newest backup, and the files keep their owner', async () => {
  await using cluster = await startCluster({ version: '3.4', members: 3 });
  const [first, ...others] = cluster.members;
  if (first === undefined) throw new Error('no member');
  await using place = await temporary();
  const client = new MemberClient({ member: first.name, endpoint: first.endpoint });
  await client.put(Buffer.from('/backed-up'), Buffer.from('there'));
  await writeFull(storeAt(new LocalStore(join(place.path, 'store')), 'test/t1'), client, join(place.path, 'spool'));
  await client.put(Buffer.from('/a-mistake'), Buffer.from('there'));
  const { header, members } = await client.memberList();
  const owner = process.getuid?.() === 0 ? 4711 : undefined;
  if (owner !== undefined) await chown(first.dataDir, owner, owner);

  const list = { clusterId: header.clusterId, atMs: 0, members };
  await using agents = await Agents.start(cluster, list, place.path);
  const recovery = agents.all.get('m3')?.recovery;
  const point = { lost: [], goBack: { kind: 'latest' } } as const;
  await expect(recovery?.plan({ ...point, store: 'file:///elsewhere' }, never)).rejects.toMatchObject({
    code: 'STORE_UNKNOWN',
  });
  await recovery?.run(point, never);
  await expect.poll(() => recovery?.evidence().run?.outcome, { timeout: 60_000 }).not.toBe('running');
  expect(recovery?.evidence().run).toMatchObject({ outcome: 'succeeded', plan: { seed: 'm1' } });

  const { kvs } = await client.range({ key: Buffer.from('/'), rangeEnd: Buffer.from('0') });
  client.close();
  expect(kvs.map(({ key }) => key.toString())).toEqual(['/backed-up']);
  if (owner !== undefined) expect(await lstat(join(first.dataDir, 'member/snap'))).toMatchObject({ uid: owner });
  for (const { dataDir } of others)
    expect(await inspectDataDir({ dataDir }, never, { depth: 'quick' })).toEqual({ state: 'empty' });
});

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'caretaker-gone-back-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackupKeeper } from '../../../src/agent/backup/keeper.ts';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { chainsOf } from '../../../src/backup/chain.ts';
import { readMarks } from '../../../src/backup/retention/marks.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import { faultOf } from '../../../src/cluster/agent-error.ts';
import type { BackupView } from '../../../src/cluster/backup-view.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { compact } from '../../../src/etcd/maintenance-calls.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { journalKeys } from '../../../src/journal/keys.ts';
import { ownTimeline } from '../../../src/journal/timeline.ts';
import { forcedTerm } from '../../journal/journal-on-etcd.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { patience } from '../caretaker/acting-agents.ts';

const never = new AbortController().signal;
const keys = journalKeys('/etcd-caretaker/');

describe('backups of a leading agent', () => {
  let cluster: RealCluster;
  let client: MemberClient;
  let folder: string;
  let store: string;

  beforeEach(async () => {
    cluster = await startCluster();
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    folder = await mkdtemp(join(tmpdir(), 'caretaker-keeper-'));
    store = join(folder, 'store');
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    client.close();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Begins under a term of its own; disposing of it ends it. */
  async function keeping(snapshotClient = client): Promise<BackupKeeper & { readonly faults: readonly unknown[] }> {
    const { config } = await loadConfig({
      env: {},
      flags: {
        'member.name': 'm1',
        'member.endpoint': client.endpoint,
        'member.dataDir': folder,
        'cluster.name': 'prod',
        'backup.store': `file://${store}`,
        'backup.delta.interval': '200ms',
        'backup.verify.share': '1',
      },
    });
    const faults: unknown[] = [];
    const keeper = new BackupKeeper({
      config: config.backup,
      ...{ clusterName: 'prod', member: 'm1', client, keys },
      snapshotClient: () => snapshotClient,
      events: { log: () => undefined, onFault: (_, error) => void faults.push(error), onChange: () => undefined },
    });
    keeper.begin(await forcedTerm(client, keys));
    return Object.assign(keeper, { faults });
  }

  const viewWhen = (keeper: BackupKeeper, wanted: (view: BackupView) => boolean): Promise<BackupView> =>
    vi.waitFor(() => {
      const view = keeper.view();
      if (!wanted(view)) throw new Error(JSON.stringify(view, (_, v) => (typeof v === 'bigint' ? String(v) : v)));
      return view;
    }, patience);
  const hasAll = (revision: bigint) => (view: BackupView) =>
    view.newestFull !== undefined && (view.stores[0]?.storedRevision ?? 0n) >= revision;
  const put = async (): Promise<bigint> => (await client.put(Buffer.from('k'), Buffer.from('v'))).revision;

  it('begin with a full snapshot that is read back, and say how far they are', async () => {
    await using keeper = await keeping();
    await viewWhen(keeper, ({ newestFull }) => newestFull !== undefined);
    const last = await put();
    const view = await viewWhen(keeper, hasAll(last));
    expect(view).toMatchObject({ working: true, stores: [{ unprotected: { seconds: 0, revisions: 0n } }] });
    await viewWhen(keeper, ({ kinds }) => kinds.find(({ kind }) => kind === 'verify')?.lastRevision !== undefined);
    expect(keeper.durableRevision()).toBeGreaterThanOrEqual(last);
    expect(keeper.faults).toEqual([]);
  });

  it('mark a chain as broken that does not come back as it was put, and take another one', async () => {
    const asItIs = LocalStore.prototype.get;
    // Each time that it is read: what has passed at the second reading says nothing of what is stored.
    let spoilt: string | undefined;
    const read = vi.spyOn(LocalStore.prototype, 'get').mockImplementation(async function* (
      this: LocalStore,
      key,
      ...rest
    ) {
      for await (const piece of asItIs.call(this, key, ...rest)) {
        if (key.includes('.snap.')) spoilt ??= key;
        yield key === spoilt ? Buffer.alloc(piece.length, 7) : piece;
      }
    });
    try {
      await using keeper = await keeping();
      await viewWhen(keeper, ({ kinds }) => kinds.find(({ kind }) => kind === 'verify')?.lastRevision !== undefined);
      const place = storeAt(openStore(`file://${store}`), `prod/${keeper.view().timeline}`);
      const [first, second] = (await readCatalogue(place)).fulls.toSorted((a, b) => a.modifiedAtMs - b.modifiedAtMs);
      const { broken, verified } = await readMarks(place);
      expect([[...broken], [...verified]]).toEqual([[first?.name.id], [second?.name.id]]);
    } finally {
      read.mockRestore();
    }
  });

  it('are not written where another cluster has claimed the place, and say so until a person has looked', async () => {
    const { header } = await client.status();
    const term = await forcedTerm(client, keys);
    const { timeline } = await ownTimeline({ client, keys, term }, header.clusterId, undefined, never);
    const claim = {
      formatVersion: 1,
      clusterId: 'ffff',
      clusterName: 'prod',
      timeline,
      at: '2026-01-01T00:00:00Z',
      by: 'x',
    };
    const whole = openStore(`file://${store}`);
    await whole.put(`prod/${timeline}/claim.json`, Buffer.from(JSON.stringify(claim)));
    await using keeper = await keeping();
    const view = await viewWhen(keeper, ({ fault }) => fault?.code === 'STORE_CLAIMED');
    expect(view.working).toBe(false);
    expect(keeper.trouble()).toBe(view.fault?.message);
    expect(await readdir(join(store, 'prod', timeline))).toEqual(['claim.json']);
    expect(keeper.durableRevision()).toBe(0n);
  });

  it('go on in a timeline of their own when etcd was set back', async () => {
    const [member] = cluster.members;
    if (member === undefined) throw new Error('no member');
    await using keeper = await keeping();
    const before = await viewWhen(keeper, hasAll(await put()));
    await member.kill();
    const older = join(folder, 'older');
    await cp(member.dataDir, older, { recursive: true });
    await member.start();
    for (let i = 0; i < 20; i += 1) await put();
    await viewWhen(keeper, hasAll(await put()));
    await member.kill();
    await rm(member.dataDir, { recursive: true });
    await rename(older, member.dataDir);
    await member.start();
    const after = await viewWhen(keeper, (view) => view.timeline !== before.timeline && view.newestFull !== undefined);
    const last = await put();
    await viewWhen(keeper, hasAll(last));
    const place = storeAt(openStore(`file://${store}`), `prod/${after.timeline}`);
    expect(chainsOf(await readCatalogue(place))[0]?.lastRevision).toBeGreaterThanOrEqual(last);
    expect((await readdir(join(store, 'prod'))).toSorted()).toEqual([before.timeline, after.timeline].toSorted());
  });

  it('take a full snapshot at once when etcd has compacted away what no store has', async () => {
    const first = await keeping();
    const { newestFull } = await viewWhen(first, hasAll(await put()));
    await first[Symbol.asyncDispose]();
    // While nobody captures.
    for (let i = 0; i < 10; i += 1) await put();
    await compact(client, await put());
    await using second = await keeping();
    const last = await put();
    const view = await viewWhen(
      second,
      (each) => hasAll(last)(each) && each.newestFull?.revision !== newestFull?.revision,
    );
    expect(second.faults).toContainEqual(expect.objectContaining({ code: 'BACKUP_CHAIN_BROKEN' }));
    const place = storeAt(openStore(`file://${store}`), `prod/${view.timeline}`);
    const [chain] = chainsOf(await readCatalogue(place));
    expect(chain?.full.name.revision).toBe(view.newestFull?.revision);
    expect(chain?.lastRevision).toBeGreaterThanOrEqual(last);
  });

  it.each([
    ['is no manifest', 'MANIFEST_UNREADABLE', () => 'garbage'],
    [
      'a newer version wrote',
      'MANIFEST_NEWER',
      (manifest: string) => manifest.replace('"formatVersion": 1', '"formatVersion": 99'),
    ],
  ])('take a full snapshot at once where the newest one’s manifest %s', async (_, code, alter) => {
    const first = await keeping();
    const { timeline } = await viewWhen(first, hasAll(await put()));
    await first[Symbol.asyncDispose]();
    const fulls = join(store, 'prod', timeline ?? '', 'full');
    const [name = ''] = (await readdir(fulls)).filter((each) => each.endsWith('.json'));
    await writeFile(join(fulls, name), alter(await readFile(join(fulls, name), 'utf8')));
    await using second = await keeping();
    await viewWhen(second, hasAll(await put()));
    expect(second.faults.map((fault) => faultOf(fault).code)).toEqual([code]);
    expect((await readdir(fulls)).filter((each) => each.endsWith('.json'))).toHaveLength(2);
  });

  it('page where a store has nothing of a timeline that stands, and begin there anew', async () => {
    const first = await keeping();
    const { timeline } = await viewWhen(first, hasAll(await put()));
    expect(first.trouble()).toBeUndefined();
    await first[Symbol.asyncDispose]();
    await rename(store, `${store}-not-mounted`);
    await using second = await keeping();
    await viewWhen(second, hasAll(await put()));
    expect(second.faults).toMatchObject([{ code: 'BACKUP_PLACE_EMPTY' }]);
    expect(second.trouble()).toContain(`prod/${timeline}`);
    expect(await readdir(join(store, 'prod'))).toEqual([timeline]);
  });

  it('page where a member counts other keys than its snapshot holds, and store it all the same', async () => {
    const miscounting = new MemberClient({ member: 'm1', endpoint: client.endpoint });
    const { range } = miscounting;
    miscounting.range = async (...args) => ({ ...(await range.apply(miscounting, args)), count: 999 });
    await using keeper = await keeping(miscounting);
    await viewWhen(keeper, hasAll(await put()));
    await vi.waitFor(() => expect(keeper.trouble()).toContain('m1 counts 999 keys'), patience);
    expect(keeper.faults).toMatchObject([{ code: 'SNAPSHOT_DISAGREES' }]);
    miscounting.close();
  });

  it('page where no full snapshot is stored for a minute, or nothing is captured', async () => {
    await writeFile(store, '');
    await using keeper = await keeping();
    await vi.waitFor(() => expect(keeper.faults).not.toEqual([]), patience);
    expect(keeper.trouble()).toBeUndefined();
    const now = performance.now.bind(performance);
    let laterMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + laterMs);
    laterMs = 31_000;
    expect(keeper.trouble()).toBeUndefined();
    laterMs = 62_000;
    expect(keeper.trouble()).toMatch(/^no full snapshot is stored: /);
    await rm(store);
    await viewWhen(keeper, hasAll(await put()));
    expect(keeper.trouble()).toBeUndefined();
    // Etcd is away: nothing is captured.
    await cluster.members[0]?.kill();
    await viewWhen(keeper, ({ captureFault }) => captureFault !== undefined);
    for (const ms of [0, 31_000, 31_000]) {
      laterMs += ms;
      keeper.trouble();
    }
    expect(keeper.trouble()).toMatch(/^changes are not captured: /);
  });

  it('take a full snapshot at its next time also where a clock had begun the newest one in the future', async () => {
    const first = await keeping();
    const { timeline } = await viewWhen(first, hasAll(await put()));
    await first[Symbol.asyncDispose]();
    const fulls = join(store, 'prod', timeline ?? '', 'full');
    const [name = ''] = (await readdir(fulls)).filter((each) => each.endsWith('.json'));
    const manifest = await readFile(join(fulls, name), 'utf8');
    await writeFile(join(fulls, name), manifest.replaceAll(/("(?:started|ended)At": ")\d{4}/g, '$12099'));
    await using second = await keeping();
    const { newestFull } = await viewWhen(second, (view) => view.newestFull !== undefined);
    expect(newestFull?.startedAtMs).toBeLessThanOrEqual(Date.now());
  });

  it('wait for a store that takes nothing, hold compaction back meanwhile, and lose nothing', async () => {
    await using keeper = await keeping();
    // What is put after the full snapshot is in a segment of its own: nothing is under way when the folder goes.
    await viewWhen(keeper, ({ newestFull }) => newestFull !== undefined);
    const stored = await viewWhen(keeper, hasAll(await put()));
    const { storedRevision = 0n } = stored.stores[0] ?? {};
    const aside = `${store}-aside`;
    await rename(store, aside);
    // A file where its folder was: nothing can be put there.
    await writeFile(store, '');
    const last = await put();
    await viewWhen(keeper, ({ stores }) => stores[0]?.fault !== undefined && stores[0].unprotected?.revisions !== 0n);
    expect(keeper.durableRevision()).toBeLessThan(last);
    expect(keeper.durableRevision()).toBeGreaterThanOrEqual(storedRevision);
    await rm(store);
    await rename(aside, store);
    const view = await viewWhen(keeper, hasAll(last));
    const place = storeAt(openStore(`file://${store}`), `prod/${view.timeline}`);
    expect(chainsOf(await readCatalogue(place))).toMatchObject([{ lastRevision: view.stores[0]?.storedRevision }]);
  });
});

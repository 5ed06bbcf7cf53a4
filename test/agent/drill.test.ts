import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readCatalogue } from '../../src/backup/chain/catalogue.ts';
import { choosePlace, findPlaces } from '../../src/backup/places.ts';
import { readFullManifest } from '../../src/backup/restore/fetch-chain.ts';
import { readMarks } from '../../src/backup/retention/marks.ts';
import { openStore } from '../../src/backup/store/open-store.ts';
import { storeAt } from '../../src/backup/store/place.ts';
import type { Store } from '../../src/backup/store/store.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { type ActingAgents, actingAgents, patience } from './caretaker/acting-agents.ts';

const never = new AbortController().signal;

describe('agents that have their backups restored for real', () => {
  let folder: string;
  let url: string;
  let cluster: RealCluster;
  let acting: ActingAgents;
  let client: MemberClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-agent-drill-'));
    url = `file://${join(folder, 'store')}`;
    cluster = await startCluster({ members: 3 });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    acting = await actingAgents(cluster, {
      'backup.store': url,
      'backup.delta.interval': '200ms',
      'backup.verify.share': '0',
      'backup.drill.dir': join(folder, 'drills'),
    });
    await vi.waitFor(async () => expect((await readCatalogue(await timeline())).fulls).toHaveLength(1), patience);
  });
  afterEach(async () => expect(await readdir(join(folder, 'drills')).catch(() => [])).toEqual([]));
  afterAll(async () => {
    client.close();
    await acting[Symbol.asyncDispose]();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function timeline(): Promise<Store> {
    const whole = openStore(url);
    const { cluster: name, timeline: id } = choosePlace(await findPlaces(whole, never), {}, url);
    return storeAt(whole, `${name}/${id}`);
  }

  it('drill the newest chain on the machine of a follower, say how long it took, and mark it as proven', async () => {
    for (let i = 0; i < 50; i += 1) await client.put(Buffer.from(`/app/${i}`), Buffer.from(`${i}`));
    const entry = await acting.done('drill');
    const { leaderId } = await client.status();
    const [asked] = entry.steps;
    expect(entry.steps).toHaveLength(1);
    expect(asked?.memberId).not.toBe(leaderId);
    expect(entry.figures).toMatchObject({ store: 0, keys: expect.any(Number), restoreSeconds: expect.any(Number) });
    expect(entry.summary).toContain('is what the cluster has');
    const store = await timeline();
    const [full] = (await readCatalogue(store)).fulls;
    expect([...(await readMarks(store)).verified]).toEqual([full?.name.id]);
    await vi.waitFor(() => {
      const views = acting.agents.map((_, index) => acting.view(index));
      expect(views.map(({ drill }) => drill?.restoreSeconds)).toEqual(Array(3).fill(entry.figures['restoreSeconds']));
    }, patience);
    // What was reported is taken away.
    await vi.waitFor(async () => {
      const reports = {
        key: Buffer.from('/etcd-caretaker/reports/'),
        rangeEnd: Buffer.from('/etcd-caretaker/reports0'),
      };
      expect((await client.range(reports)).kvs).toEqual([]);
    }, patience);
  });

  it('go on with it when the leading agent dies meanwhile', async () => {
    const leader = await acting.leader();
    const through = acting.agents.findIndex((agent) => agent !== leader);
    const asked = acting.run('drill', { through });
    await vi.waitFor(() => expect(acting.view(through).slot?.steps).toHaveLength(1), { ...patience, interval: 20 });
    await leader.close();
    // It may have been the one that was asked: then it begins anew.
    await acting.restart(leader);
    const entry = await asked;
    expect([entry.operation, entry.outcome]).toEqual(['drill', 'succeeded']);
  });

  it('take a full snapshot when somebody asks for one', async () => {
    const { revision } = await client.put(Buffer.from('/asked'), Buffer.from('1'));
    const through = acting.agents.findIndex(({ observation }) => observation().caretaking?.leads === true);
    const entry = await acting.done('snapshot', { through: Math.max(0, through) });
    expect(entry.figures).toMatchObject({ stores: 1 });
    const store = await timeline();
    const last = (await readCatalogue(store)).fulls.at(-1);
    if (last === undefined) throw new Error('there is no full snapshot');
    expect(last.name.revision).toBeGreaterThanOrEqual(revision);
    expect((await readFullManifest(store, last, never)).manifest.lastRevision).toBe(
      BigInt(entry.figures['revision'] ?? 0),
    );
  });

  it('say so when the chain cannot be restored, and hold the page up until it can', async () => {
    const store = await timeline();
    const last = (await readCatalogue(store)).fulls.at(-1);
    if (last === undefined) throw new Error('there is no full snapshot');
    const { manifest } = await readFullManifest(store, last, never);
    const file = join(new URL(store.url).pathname, manifest.object);
    const { size } = await stat(file);
    await writeFile(file, Buffer.alloc(size, 7));
    const through = acting.agents.findIndex(({ observation }) => observation().caretaking?.leads === true);
    const entry = await vi.waitFor(async () => {
      const made = await acting.run('drill', { through: Math.max(0, through) });
      if (made.outcome === 'refused') throw new Error(made.summary);
      return made;
    }, patience);
    expect([entry.outcome, entry.code]).toEqual(['failed', 'OBJECT_DAMAGED']);
    // Retention lets it take no place of one that is whole.
    const { broken, verified } = await readMarks(store);
    expect([...broken]).toEqual([last.name.id]);
    expect(verified).not.toContain(last.name.id);
    await vi.waitFor(() => {
      const decisions = acting.agents.flatMap(({ observation }) => observation().caretaking?.decisions ?? []);
      const drill = decisions.find(({ policy }) => policy === 'drill');
      expect([drill?.decision, drill?.page, drill?.reasons[0].code]).toEqual(['hold', true, 'DRILL_FAILED']);
    }, patience);
  });
});

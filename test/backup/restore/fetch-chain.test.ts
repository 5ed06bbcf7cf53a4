import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { type Chain, restorePlans } from '../../../src/backup/chain.ts';
import { ChainFetch } from '../../../src/backup/restore/fetch-chain.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { ByteRange, Store } from '../../../src/backup/store/store.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startCluster } from '../../real/cluster.ts';
import { putAt } from '../delta/segments.ts';
import { startFaultProxy } from '../store/fault-proxy.ts';
import { s3StoreAt, startS3Server } from '../store/s3-server.ts';
import { writeFull, writeSegments } from './written-backup.ts';

const never = new AbortController().signal;
const segments = 20;
const mostAtOnce = 8;

/** A folder from which no segment comes before so many of them have been asked for. */
class HeldStore extends LocalStore {
  mostAtOnce = 0;
  #now = 0;
  readonly #begun = Promise.withResolvers<void>();

  override async *get(key: string, range?: Partial<ByteRange>, signal?: AbortSignal): AsyncGenerator<Buffer> {
    if (!key.startsWith('delta/')) return yield* super.get(key, range, signal);
    this.#now += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#now);
    if (this.#now === mostAtOnce) this.#begun.resolve();
    await this.#begun.promise;
    yield* super.get(key, range, signal);
    this.#now -= 1;
  }
}

describe('a chain is fetched', () => {
  let folder: string;
  let place: string;
  let snapshot: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-fetch-'));
    snapshot = join(folder, 'store');
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    await writeBackup(new LocalStore(snapshot), client);
    client.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    place = await mkdtemp(join(folder, 'place-'));
  });

  /** A full snapshot, and segments of two revisions each, which do not get much smaller by compression. */
  async function writeBackup(store: Store, client: MemberClient): Promise<void> {
    const { manifest } = await writeFull(store, client, join(folder, 'spool'));
    const first = manifest.lastRevision + 1n;
    const records = Array.from({ length: 2 * segments }, (_, n) =>
      putAt(first + BigInt(n), `k${n}`, randomBytes(50_000).toString('base64')),
    );
    await writeSegments(store, records, [first, first + BigInt(2 * segments) - 1n], { every: 2 });
  }

  async function chainOf(store: Store): Promise<Chain> {
    const [plan] = restorePlans(await readCatalogue(store, never), undefined, new Set());
    if (plan === undefined) throw new Error('there is no chain');
    return plan;
  }

  test('several segments at once and no more than that, each in its place', async () => {
    const store = new HeldStore(snapshot);
    const chain = await chainOf(store);
    const fetched = await new ChainFetch({ store, folder: place }).fetch(chain, never);
    expect(store.mostAtOnce).toBe(mostAtOnce);
    expect(fetched.segments.map(({ key }) => key)).toEqual(chain.segments.map(({ key }) => key));
    for (const { key, file } of fetched.segments) {
      expect((await readFile(file)).equals(await readFile(join(snapshot, key)))).toBe(true);
    }
  });

  test('of several that are damaged, the first one is told', async () => {
    const damaged = join(place, 'store');
    await cp(snapshot, damaged, { recursive: true });
    const store = new LocalStore(damaged);
    const chain = await chainOf(store);
    const [broken, later] = [chain.segments[4]?.key ?? '', chain.segments[6]?.key ?? ''];
    await writeFile(join(damaged, later), '');
    const file = join(damaged, broken);
    await readFile(file).then((all) => writeFile(file, all.subarray(0, -9)));
    const fetching = new ChainFetch({ store, folder: place }).fetch(chain, never);
    await expect(fetching).rejects.toMatchObject({ key: broken, code: 'OBJECT_DAMAGED' });
  });

  test('from a bucket: where a connection is cut, each object goes on behind the last byte that came', async () => {
    await using server = await startS3Server();
    await using proxy = await startFaultProxy(server);
    const prefix = 'fetched';
    await using store = s3StoreAt(proxy.endpoint, {}, prefix);
    const original = new LocalStore(snapshot);
    for await (const { key } of original.list('')) await store.put(key, await readFile(join(snapshot, key)));
    const chain = await chainOf(store);
    proxy.faults(({ method, headers }) => (method === 'GET' && headers.range === undefined ? 'cut-answer' : 'none'));
    const fetched = await new ChainFetch({ store, folder: place }).fetch(chain, never);
    for (const { key, file } of fetched.segments) {
      expect((await readFile(file)).equals(await readFile(join(snapshot, key)))).toBe(true);
      const asked = proxy.arrived.filter(({ url }) => decodeURIComponent(url).includes(key));
      expect(asked.map(({ headers }) => headers.range ?? 'all')).toEqual([
        'all',
        expect.stringMatching(/^bytes=[1-9]/),
      ]);
    }
    const ofFull = proxy.arrived.filter(({ url }) => url.includes('.snap.zst'));
    expect(ofFull.at(-1)?.headers.range).toMatch(/^bytes=[1-9]/);
  });
});

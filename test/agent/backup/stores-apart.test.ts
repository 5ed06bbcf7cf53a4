import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Catalogue, readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { chainsOf, gapsOf } from '../../../src/backup/chain.ts';
import { choosePlace, findPlaces } from '../../../src/backup/places.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { verifyStore } from '../../../src/backup/verify/verify-store.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type FaultProxy, startFaultProxy } from '../../backup/store/fault-proxy.ts';
import { bucketName, type S3Server, startS3Server } from '../../backup/store/s3-server.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { patience } from '../caretaker/acting-agents.ts';
import { keeping } from './keeping.ts';

const never = new AbortController().signal;
const bucketUrl = `s3://${bucketName}/apart`;

describe('of a folder and a bucket', () => {
  let cluster: RealCluster;
  let client: MemberClient;
  let folder: string;
  let server: S3Server;
  let proxy: FaultProxy;
  let inFolder: Store;
  let inBucket: Store;

  beforeEach(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'S3RVER');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S3RVER');
    cluster = await startCluster();
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    folder = await mkdtemp(join(tmpdir(), 'caretaker-apart-'));
    server = await startS3Server();
    proxy = await startFaultProxy(server);
    inFolder = openStore(`file://${folder}/store`);
    inBucket = openStore(bucketUrl, { s3: { endpoint: server.endpoint, region: 'us-east-1', pathStyle: true } });
  });
  afterEach(async () => {
    await inBucket[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    client.close();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  const begin = () =>
    keeping(client, folder, {
      store: `file://${folder}/store,${bucketUrl}`,
      'encryption.mode': 'none',
      's3.endpoint': proxy.endpoint,
      's3.region': 'us-east-1',
      's3.pathStyle': 'true',
    });
  const put = async (): Promise<bigint> => (await client.put(Buffer.from('k'), Buffer.from('v'))).revision;

  async function placeIn(whole: Store): Promise<Store> {
    const { cluster: name, timeline } = choosePlace(await findPlaces(whole), {}, whole.url);
    return storeAt(whole, `${name}/${timeline}`);
  }

  /** What a store has, once its newest chain goes as far as this. */
  const storedIn = (whole: Store, revision: bigint): Promise<Catalogue> =>
    vi.waitFor(async () => {
      const catalogue = await readCatalogue(await placeIn(whole));
      const [newest] = chainsOf(catalogue);
      if (newest === undefined || newest.lastRevision < revision) throw new Error(`${newest?.lastRevision}`);
      return catalogue;
    }, patience);

  it('a bucket that is away keeps nothing from the folder, and has all of it when it is back', async () => {
    await proxy.down();
    await using all = await begin();
    const first = await put();
    // A whole chain: the full snapshot did not wait for the bucket, nor did the changes.
    await storedIn(inFolder, first);
    expect(await findPlaces(inBucket)).toEqual([]);
    const last = await put();
    await storedIn(inFolder, last);
    // Each has a recovery point of its own.
    await vi.waitFor(() => {
      const [local, remote] = all.view().stores;
      expect(local?.unprotected).toEqual({ seconds: 0, revisions: 0n });
      expect(remote?.storedRevision).toBeUndefined();
    }, patience);
    expect(all.keeper.durableRevision()).toBe(0n);
    await proxy.up();
    const catalogue = await storedIn(inBucket, last);
    expect(gapsOf(catalogue)).toEqual([]);
    expect((await verifyStore({ store: await placeIn(inBucket) }, never)).findings).toEqual([]);
    await vi.waitFor(() => expect(all.keeper.durableRevision()).toBeGreaterThanOrEqual(last), patience);
    // The folder has needed no other one meanwhile.
    expect((await readCatalogue(await placeIn(inFolder))).fulls).toHaveLength(1);
  });

  it('a folder that is away keeps nothing from the bucket, and has all of it when it is back', async () => {
    await writeFile(join(folder, 'store'), '');
    await using all = await begin();
    const last = await put();
    expect(gapsOf(await storedIn(inBucket, last))).toEqual([]);
    await rename(join(folder, 'store'), join(folder, 'no-store'));
    expect(gapsOf(await storedIn(inFolder, await put()))).toEqual([]);
    expect(all.faults).toContainEqual(expect.stringContaining('taking a full snapshot to file:'));
  });

  it('a bucket that never answers midway keeps no full snapshot from the folder', async () => {
    proxy.faults(({ method, url }) => (method === 'PUT' && url.includes('.snap.') ? 'hang' : 'none'));
    await using all = await begin();
    const { fulls } = await storedIn(inFolder, await put());
    expect(fulls).toHaveLength(1);
    expect((await readCatalogue(await placeIn(inBucket))).fulls).toEqual([]);
    expect(all.view().fullUnderWay).toBe('first');
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimPlace, type PlaceOwner, placeOf, readClaim, timelinesOf } from '../../../src/backup/store/claim.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { partlyCold } from '../altered-store.ts';
import { allOf } from './all-of.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { s3StoreAt, startS3Server } from './s3-server.ts';

const owner: PlaceOwner = { clusterId: 'cdf818194e3a8c32', clusterName: 'production', timeline: 't1a2b3' };

let stack: AsyncDisposableStack;
let store: Store;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-claim-'));
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  store = new LocalStore(folder);
});
afterEach(async () => await stack.disposeAsync());

describe('a place in a store', () => {
  it('is claimed once, and found claimed by the same cluster from then on', async () => {
    const before = Date.now();
    const first = await claimPlace(store, owner, 'node-1');
    expect(first).toMatchObject({ formatVersion: 1, ...owner, by: 'node-1' });
    expect(first.atMs).toBeGreaterThanOrEqual(before);
    expect(await claimPlace(store, owner, 'node-2')).toEqual(first);
    expect(await readClaim(store, owner)).toEqual(first);
  });

  it('says which history it goes on from', async () => {
    const follows = { timeline: 't0', clusterId: 'aaaa' };
    const first = await claimPlace(store, { ...owner, follows }, 'node-1');
    expect(first).toMatchObject({ ...owner, follows });
    expect(await claimPlace(store, owner, 'node-2')).toEqual(first);
  });

  it('is not written to while its claim lies in an archive class, which is told with what to do', async () => {
    await claimPlace(store, owner, 'node-1');
    const cold = partlyCold(store, (key) => key.endsWith('/claim.json'));
    await expect(claimPlace(cold, owner, 'node-1')).rejects.toMatchObject({
      code: 'STORE_COLD',
      message: expect.stringContaining('production/t1a2b3/claim.json'),
      remedy: expect.stringMatching(/RestoreObject.+claim\.json out of/),
    });
  });

  it('is refused to another cluster, which learns whose it is and what to do', async () => {
    const first = await claimPlace(store, owner, 'node-1');
    const other = { ...owner, clusterId: 'aaaa' };
    await expect(claimPlace(store, other, 'node-9')).rejects.toMatchObject({
      code: 'STORE_CLAIMED',
      message: expect.stringMatching(/production\/t1a2b3 in file:.* belongs to the cluster cdf818194e3a8c32.* aaaa/s),
      remedy: expect.stringContaining('cluster.name'),
    });
    expect(await readClaim(store, owner)).toEqual(first);
  });

  it('is one cluster’s alone where several claim it in the same moment', async () => {
    const clusters = Array.from({ length: 12 }, (_, index) => ({ ...owner, clusterId: `c${index % 4}` }));
    const claims = await Promise.allSettled(clusters.map((cluster, index) => claimPlace(store, cluster, `n${index}`)));
    const standing = await readClaim(store, owner);
    for (const [index, claim] of claims.entries()) {
      const isOwn = clusters[index]?.clusterId === standing?.clusterId;
      expect(claim.status).toBe(isOwn ? 'fulfilled' : 'rejected');
      if (claim.status === 'rejected') expect(claim.reason).toMatchObject({ code: 'STORE_CLAIMED' });
    }
    expect(claims.filter(({ status }) => status === 'fulfilled').length).toBe(3);
  });

  it.each(['', '{', '[]', '{"formatVersion":1,"clusterId":"x"}'])(
    'is left alone where its claim cannot be read: %j',
    async (content) => {
      await store.put(`${placeOf(owner)}/claim.json`, Buffer.from(content));
      await expect(claimPlace(store, owner, 'node-1')).rejects.toMatchObject({
        code: 'CLAIM_UNREADABLE',
        message: expect.stringContaining('production/t1a2b3/claim.json'),
      });
    },
  );

  it('cannot have a name that leads elsewhere', async () => {
    for (const clusterName of ['..', 'a/b', '', '.x']) {
      await expect(claimPlace(store, { ...owner, clusterName }, 'n')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    }
  });
});

describe.each([
  { server: 'that knows conditional writes', conditionalWrites: true },
  { server: 'that does not (s3rver), by looking before and after', conditionalWrites: false },
])('a place in a bucket of a server $server', ({ conditionalWrites }) => {
  it('is claimed, also where each answer is lost, and refused to others', async () => {
    const server = stack.use(await startS3Server());
    const proxy = stack.use(await startFaultProxy(server, { conditionalWrites }));
    const bucket = stack.use(s3StoreAt(proxy.endpoint));
    // The SDK and we try again, and what the first attempt has done is found.
    proxy.faults(({ index }) => (index % 2 === 1 ? 'lose-answer' : 'none'));
    const claim = await claimPlace(bucket, owner, 'node-1');
    expect(claim).toMatchObject({ ...owner, by: 'node-1' });
    expect(await claimPlace(bucket, owner, 'node-2')).toEqual(claim);
    await expect(claimPlace(bucket, { ...owner, clusterId: 'aaaa' }, 'n')).rejects.toMatchObject({
      code: 'STORE_CLAIMED',
    });
  });
});

describe('the timelines of a cluster', () => {
  it('are listed by its name, with one request each and one to know that it was the last', async () => {
    for (const timeline of ['t3', 't1', 't2']) {
      await claimPlace(store, { ...owner, timeline }, 'node-1');
      for (const name of ['full/x.json', 'delta/1', 'delta/2']) {
        await store.put(`${placeOf({ ...owner, timeline })}/${name}`, Buffer.from('x'));
      }
    }
    await claimPlace(store, { ...owner, clusterName: 'production-2', timeline: 't9' }, 'node-1');
    await store.put('production/readme', Buffer.from('of a person'));
    const before = store.requests.list;
    expect(await allOf(timelinesOf(store, 'production'))).toEqual(['t1', 't2', 't3']);
    expect(store.requests.list - before).toBe(5);
    expect(await allOf(timelinesOf(store, 'other'))).toEqual([]);
  });
});

describe('a place as a store of its own', () => {
  it('has keys below it, and nothing of other places', async () => {
    const place = storeAt(store, placeOf(owner));
    const other = storeAt(store, placeOf({ ...owner, timeline: 't1a2b4' }));
    await place.put('delta/1', Buffer.from('mine'));
    await other.put('delta/2', Buffer.from('yours'));
    expect((await allOf(place.list(''))).map(({ key }) => key)).toEqual(['delta/1']);
    expect((await allOf(place.list('delta/', { after: 'delta/1' }))).map(({ key }) => key)).toEqual([]);
    expect(await place.head('delta/1')).toMatchObject({ key: 'delta/1', bytes: 4 });
    expect(await place.head('delta/2')).toBeUndefined();
    expect(String(Buffer.concat(await allOf(place.get('delta/1', { fromByte: 1, toByte: 3 }))))).toBe('in');
    await place.remove('delta/1');
    expect(await place.head('delta/1')).toBeUndefined();
    expect(place.url).toBe(`${store.url}/production/t1a2b3`);
    expect(await place.removeAbandoned(0)).toBe(0);
    await expect(place.put('../t1a2b4/delta/2', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});

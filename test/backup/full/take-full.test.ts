import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decryptionWith, encryptionFor } from '../../../src/backup/encryption.ts';
import { type FullOptions, type FullTaken, takeFull } from '../../../src/backup/full/take-full.ts';
import { parseManifest } from '../../../src/backup/manifest.ts';
import { parseName } from '../../../src/backup/names.ts';
import { StoreError } from '../../../src/backup/store/store.ts';
import { alteredStore, bytesOf, keysOf } from '../altered-store.ts';
import { snapshotStatus } from '../snapshot-status.ts';
import { type FullFixture, startFixture } from './full-fixture.ts';

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The only outcome, which must be a success. */
function success(taken: FullTaken) {
  const [outcome] = taken.outcomes;
  if (outcome === undefined || 'error' in outcome || taken.outcomes.length !== 1) throw new Error('it did not succeed');
  return outcome;
}

describe.each(['3.4', '3.5'] as const)('a full snapshot of etcd %s', (version) => {
  let fixture: FullFixture;
  beforeAll(async () => {
    fixture = await startFixture({ version }, 5);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  test('is not taken of a member of another cluster', async () => {
    const store = fixture.newStore();
    const taking = takeFull({ ...fixture.options, clusterId: 'beef', destinations: [{ store }] });
    await expect(taking).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH', message: expect.stringContaining('beef') });
    expect(await keysOf(store)).toEqual([]);
    const { clusterId } = (await fixture.client.status()).header;
    success(await takeFull({ ...fixture.options, clusterId, destinations: [{ store }] }));
  });

  test('is in the store as etcd gave it, and its manifest says what is in it', async () => {
    const { client, cluster, options } = fixture;
    const { id } = await client.grantLease(600);
    await client.txn({ compare: [], changes: [{ put: Buffer.from('under'), value: Buffer.from('lease'), lease: id }] });
    const store = fixture.newStore();
    const taken = await takeFull({ ...options, destinations: [{ store, previousManifestSha256: 'a'.repeat(64) }] });
    const { manifest, key, manifestSha256 } = success(taken);
    const { header, count } = await client.range({
      key: Buffer.from([0]),
      rangeEnd: Buffer.from([0]),
      countOnly: true,
    });

    expect((await keysOf(store)).toSorted()).toEqual([key, manifest.object].toSorted());
    const stored = await bytesOf(store, manifest.object);
    expect(manifest.stored).toEqual({ bytes: stored.length, sha256: sha256(stored) });
    const plain = zstdDecompressSync(stored);
    expect(manifest.plain).toEqual({ bytes: plain.length, sha256: sha256(plain) });
    const file = join(fixture.folder, `${version}.snap`);
    await writeFile(file, plain);
    expect(await snapshotStatus(cluster.binaries, file)).toMatchObject({ revision: header.revision });

    const text = await bytesOf(store, key);
    expect(sha256(text)).toBe(manifestSha256);
    expect(parseManifest(text, key)).toEqual(manifest);
    expect(parseName(key)).toMatchObject({ kind: 'full', revision: header.revision });
    expect(manifest).toMatchObject({
      timeline: 'timeline',
      clusterName: 'test',
      clusterId: header.clusterId,
      memberId: header.memberId,
      member: 'm1',
      firstRevision: header.revision,
      lastRevision: header.revision,
      epoch: 7n,
      keys: count,
      keysExact: true,
      kubernetes: false,
      leases: { [String(id)]: 600 },
      previousManifestSha256: 'a'.repeat(64),
    });
    expect(taken.keyCount).toEqual({ keys: count, by: 'member', agrees: true });
  });

  test('goes to several stores from one read, encrypted for those who may read it', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity), await identityToRecipient(await generateX25519Identity())];
    const encryption = await encryptionFor(recipients);
    const stores = [fixture.newStore(), fixture.newStore()];
    let reads = 0;
    const client = {
      ...fixture.client,
      member: 'm1',
      status: () => fixture.client.status(),
      range: fixture.client.range.bind(fixture.client),
      snapshot: (signal?: AbortSignal) => {
        reads += 1;
        return fixture.client.snapshot(signal);
      },
    };
    const destinations = stores.map((store) => ({ store }));
    const { outcomes } = await takeFull({ ...fixture.options, client, destinations, encryption });
    expect(reads).toBe(1);
    expect(outcomes).toHaveLength(2);
    const decryption = await decryptionWith([identity]);
    for (const outcome of outcomes) {
      if ('error' in outcome) throw outcome.error;
      const { store, manifest } = outcome;
      expect(manifest.object).toMatch(/\.snap\.zst\.age$/);
      expect(manifest.encryption).toEqual({ format: 'age', keyIds: encryption.keyIds });
      const pieces: Buffer[] = [];
      for await (const piece of decryption.decrypt(store.get(manifest.object), manifest)) pieces.push(piece);
      expect(sha256(zstdDecompressSync(Buffer.concat(pieces)))).toBe(manifest.plain.sha256);
    }
  });

  test('of a member that counts other keys than it holds says so', async () => {
    const { client } = fixture;
    const miscounting: FullOptions['client'] = {
      member: 'm1',
      status: (signal) => client.status(signal),
      snapshot: (signal) => client.snapshot(signal),
      range: async (request, signal) => ({ ...(await client.range(request, signal)), count: 999 }),
    };
    const destinations = [{ store: fixture.newStore() }];
    const taken = await takeFull({ ...fixture.options, client: miscounting, destinations });
    expect(taken.keyCount).toEqual({ keys: 999, by: 'member', agrees: false });
    expect(success(taken).manifest).toMatchObject({ keys: 999, keysExact: false });
  });

  test('with authentication on, the auth revision is in the manifest', async () => {
    await using guarded = await startFixture({ version }, 0);
    await guarded.cluster.etcdctl('user', 'add', 'root:secret');
    const store = guarded.newStore();
    const { manifest } = success(await takeFull({ ...guarded.options, destinations: [{ store }] }));
    expect(manifest.authRevision).toBe(2n);
    expect(manifest.keys).toBe(0);
    expect(manifest.lastRevision).toBe(1n);
  });
});

describe('what stands below /registry/', () => {
  let fixture: FullFixture;
  beforeAll(async () => {
    fixture = await startFixture({}, 3);
    await fixture.client.put(Buffer.from('/registry/secrets/default/a'), Buffer.from('secret'));
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  test('does not go to a remote place unencrypted, and goes to a folder all the same', async () => {
    const local = fixture.newStore();
    const remote = alteredStore(fixture.newStore(), { kind: 'remote' });
    const { outcomes } = await takeFull({ ...fixture.options, destinations: [{ store: remote }, { store: local }] });
    expect(outcomes).toMatchObject([{ error: { code: 'ENCRYPTION_REQUIRED' } }, { manifest: { kubernetes: true } }]);
    expect(await keysOf(remote)).toEqual([]);
    expect(await keysOf(local)).toHaveLength(2);
    await expect(takeFull({ ...fixture.options, destinations: [{ store: remote }] })).rejects.toMatchObject({
      code: 'ENCRYPTION_REQUIRED',
    });
  });

  test('goes there encrypted, or where somebody has said that it may', async () => {
    const remote = alteredStore(fixture.newStore(), { kind: 'remote' });
    const encryption = await encryptionFor([await identityToRecipient(await generateX25519Identity())]);
    const destinations = [{ store: remote }];
    success(await takeFull({ ...fixture.options, destinations, encryption }));
    success(await takeFull({ ...fixture.options, destinations, plainKubernetes: true }));
  });
});

test('a store that fails does not harm another one, and holds nothing that looks like a snapshot', async () => {
  await using fixture = await startFixture({}, 30);
  const good = fixture.newStore();
  const inner = fixture.newStore();
  const denied = new StoreError('STORE_DENIED', 'no');
  const bad = [
    alteredStore(inner, { put: () => Promise.reject(denied) }),
    alteredStore(inner, {
      put: async (_key, body) => {
        for await (const _ of body as AsyncIterable<Buffer>) throw denied;
        return { bytes: 0 };
      },
    }),
    // It takes less than it is given, and says nothing.
    alteredStore(inner, { put: (key) => inner.put(key, Buffer.from('short')) }),
    // It takes the snapshot, and not the manifest.
    alteredStore(inner, {
      put: (key, body) => (key.endsWith('.json') ? Promise.reject(denied) : inner.put(key, body)),
    }),
  ];
  const destinations = [...bad, good].map((store) => ({ store }));
  const { outcomes } = await takeFull({ ...fixture.options, destinations });
  expect(outcomes).toMatchObject([
    { error: { code: 'STORE_DENIED' } },
    { error: { code: 'STORE_DENIED' } },
    { error: { code: 'STORE_DAMAGED' } },
    { error: { code: 'STORE_DENIED' } },
    { manifest: { kind: 'full' } },
  ]);
  expect((await keysOf(inner)).filter((key) => parseName(key) !== undefined)).toEqual([]);
  expect(await keysOf(good)).toHaveLength(2);
  for (const store of bad) {
    await expect(takeFull({ ...fixture.options, destinations: [{ store }] })).rejects.toBeInstanceOf(StoreError);
  }
});

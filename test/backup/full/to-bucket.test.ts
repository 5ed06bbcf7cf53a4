import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decryptionWith, encryptionFor } from '../../../src/backup/encryption.ts';
import { takeFull } from '../../../src/backup/full/take-full.ts';
import { keysOf } from '../altered-store.ts';
import { startFaultProxy } from '../store/fault-proxy.ts';
import { openUploads, type S3Server, s3StoreAt, startS3Server } from '../store/s3-server.ts';
import { type FullFixture, startFixture } from './full-fixture.ts';

let fixture: FullFixture;
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server();
  fixture = await startFixture({ members: 3 });
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('a full snapshot goes into a bucket and a folder at once, and comes back from both', async () => {
  const identity = await generateX25519Identity();
  const encryption = await encryptionFor([await identityToRecipient(identity)]);
  const decryption = await decryptionWith([identity]);
  await using bucket = s3StoreAt(server.endpoint);
  const destinations = [bucket, fixture.newStore()].map((store) => ({ store }));
  const { outcomes } = await takeFull({ ...fixture.options, destinations, encryption });
  for (const outcome of outcomes) {
    if ('error' in outcome) throw outcome.error;
    const { store, manifest } = outcome;
    const pieces: Buffer[] = [];
    for await (const piece of decryption.decrypt(store.get(manifest.object), manifest)) pieces.push(piece);
    const plain = zstdDecompressSync(Buffer.concat(pieces));
    expect(createHash('sha256').update(plain).digest('hex')).toBe(manifest.plain.sha256);
  }
});

test('a member that is killed midway leaves nothing in a bucket, also no upload that was begun', async () => {
  await using proxy = await startFaultProxy(server, { uploads: true });
  await using bucket = s3StoreAt(proxy.endpoint, {}, 'another');
  // The server keeps what an upload that has ended lay in.
  const before = await openUploads(server.directory);
  const [member] = fixture.cluster.members;
  let killed: Promise<void> | undefined;
  const taking = takeFull({
    ...fixture.options,
    bytesPerSecond: 20_000_000,
    destinations: [{ store: bucket }],
    onProgress: ({ readBytes, totalBytes }) => {
      if (readBytes > totalBytes * 0.7) killed ??= member?.kill();
    },
  });
  await expect(taking).rejects.toMatchObject({ code: expect.stringMatching(/^ETCD_/) });
  await killed;
  expect(await keysOf(bucket)).toEqual([]);
  expect(proxy.arrived.some(({ url }) => url.includes('partNumber=2'))).toBe(true);
  expect(await openUploads(server.directory)).toEqual(before);
});

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { bytesOf } from '../altered-store.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { openUploads, type S3Server, s3StoreAt, startS3Server } from './s3-server.ts';

const MEBIBYTE = 2 ** 20;
const content = randomBytes(12 * MEBIBYTE + 7);

describe('another storage class', () => {
  let server: S3Server;
  let proxy: FaultProxy;
  let folder: string;
  beforeAll(async () => {
    server = await startS3Server();
    proxy = await startFaultProxy(server, { uploads: true, partCopies: true });
    folder = await mkdtemp(join(tmpdir(), 'caretaker-reclass-'));
  });
  beforeEach(() => proxy.faults(() => 'none'));
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const copies = () => proxy.arrived.filter(({ headers }) => headers['x-amz-copy-source'] !== undefined);

  test('in one request: the same bytes, said with it what was; a second time there is nothing to do', async () => {
    await using whole = s3StoreAt(proxy.endpoint);
    const store: Store = storeAt(whole, 'prod/t1');
    await store.put('full/a', content);
    const before = proxy.arrived.find(({ method }) => method === 'POST' || method === 'PUT')?.headers;
    expect(await store.reclass?.('full/a', 'STANDARD_IA')).toBe(true);
    expect(await store.head('full/a')).toMatchObject({ bytes: content.length, storageClass: 'STANDARD_IA' });
    expect((await bytesOf(store, 'full/a')).equals(content)).toBe(true);
    expect(copies()).toHaveLength(1);
    expect(copies()[0]?.headers['x-amz-meta-caretaker-put']).toBe(before?.['x-amz-meta-caretaker-put']);
    expect(await store.reclass?.('full/a', 'STANDARD_IA')).toBe(false);
    expect(copies()).toHaveLength(1);
  });

  test('in parts, encrypted by the server as before', async () => {
    const encryption = { kind: 'sse-kms', keyId: 'key-1' } as const;
    await using store = s3StoreAt(proxy.endpoint, { copyAtOnceBytes: 5 * MEBIBYTE, encryption });
    await store.put('large', content);
    proxy.faults(() => 'none');
    expect(await store.reclass('large', 'ONEZONE_IA')).toBe(true);
    expect((await bytesOf(store, 'large')).equals(content)).toBe(true);
    expect(copies().map(({ headers }) => headers['x-amz-copy-source-range'])).toEqual([
      `bytes=0-${5 * MEBIBYTE - 1}`,
      `bytes=${5 * MEBIBYTE}-${10 * MEBIBYTE - 1}`,
      `bytes=${10 * MEBIBYTE}-${content.length - 1}`,
    ]);
    const begun = proxy.arrived.find(({ method, url }) => method === 'POST' && url.includes('uploads'));
    expect(begun?.headers).toMatchObject({
      'x-amz-storage-class': 'ONEZONE_IA',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
    });
  });

  test('with a key that the server does not keep, it is given for both sides', async () => {
    const keyFile = join(folder, 'key');
    await writeFile(keyFile, randomBytes(32));
    await using store = s3StoreAt(proxy.endpoint, { encryption: { kind: 'sse-c', keyFile } });
    await store.put('secret', Buffer.alloc(1000));
    proxy.faults(() => 'none');
    await store.reclass('secret', 'STANDARD_IA');
    const headers = copies()[0]?.headers ?? {};
    const own = headers['x-amz-server-side-encryption-customer-key'];
    expect(own).toEqual(expect.any(String));
    expect(headers['x-amz-copy-source-server-side-encryption-customer-key']).toBe(own);
  });

  test('faults on the way are overcome, and what cannot be leaves the object as it was, and no upload', async () => {
    await using store = s3StoreAt(proxy.endpoint, { copyAtOnceBytes: 5 * MEBIBYTE });
    await store.put('faulty', content);
    proxy.faults(({ index }) => (index % 2 === 1 ? 'status-503' : 'none'));
    expect(await store.reclass('faulty', 'STANDARD_IA')).toBe(true);
    expect((await bytesOf(store, 'faulty')).equals(content)).toBe(true);
    const before = await openUploads(server.directory);
    proxy.faults(({ headers }) =>
      headers['x-amz-copy-source-range']?.includes(`${5 * MEBIBYTE}-`) ? 'status-403' : 'none',
    );
    await expect(store.reclass('faulty', 'ONEZONE_IA')).rejects.toMatchObject({ code: 'STORE_DENIED' });
    proxy.faults(() => 'none');
    expect(await store.head('faulty')).toMatchObject({ storageClass: 'STANDARD_IA', bytes: content.length });
    expect(await openUploads(server.directory)).toEqual(before);
  });

  test('what the server does not know, what is not there, and a folder', async () => {
    await using store = s3StoreAt(proxy.endpoint);
    await store.put('x', Buffer.alloc(10));
    await expect(store.reclass('x', 'NO_SUCH_CLASS')).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' });
    await expect(store.reclass('y', 'STANDARD_IA')).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
    const local: Store = storeAt(new LocalStore(folder), 'prod/t1');
    expect(local.reclass).toBeUndefined();
  });
});

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { S3Options } from '../../../src/backup/store/s3/options.ts';
import { S3Store } from '../../../src/backup/store/s3.ts';
import { createAuthority, issueCertificate } from '../../real/certificates.ts';
import { allOf } from './all-of.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { bucketName, metadataPath, openUploads, type S3Server, s3StoreAt, startS3Server } from './s3-server.ts';
import { startTlsFront, startTunnel } from './tls-front.ts';

const large = randomBytes(5 * 2 ** 20 + 99);

let server: S3Server;
let proxy: FaultProxy;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  proxy = await startFaultProxy(server, { conditionalWrites: true, uploads: true });
  folder = await mkdtemp(join(tmpdir(), 'caretaker-s3-test-'));
});
beforeEach(() => proxy.faults(() => 'none'));
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 1_000_000) yield content.subarray(at, at + 1_000_000);
}

/** What the requests of a large and a small upload, a look and a download say in their headers, by their kind. */
async function headersWith(options: S3Options) {
  await using store = s3StoreAt(proxy.endpoint, { partBytes: 5 * 2 ** 20, ...options });
  await store.put('large', pieces(large));
  await store.put('small', Buffer.from('x'));
  await store.head('small');
  await allOf(store.get('small'));
  const kindOf = (method: string, url: string): string => {
    if (url.includes('partNumber')) return 'part';
    if (url.includes('uploads')) return 'begin';
    if (url.includes('uploadId')) return 'end';
    return url.includes('small') ? method.toLowerCase() : 'head after';
  };
  return new Map(proxy.arrived.map(({ method, url, headers }) => [kindOf(method, url), headers]));
}

describe('what is asked of the server', () => {
  it('is its own encryption, and a storage class', async () => {
    const kms = await headersWith({ storageClass: 'STANDARD_IA', encryption: { kind: 'sse-kms', keyId: 'key-1' } });
    for (const kind of ['begin', 'put']) {
      expect(kms.get(kind)).toMatchObject({
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
      });
    }
    const s3 = await headersWith({ encryption: { kind: 'sse-s3' } });
    expect(s3.get('put')).toMatchObject({ 'x-amz-server-side-encryption': 'AES256' });
    expect(s3.get('put')).not.toHaveProperty('x-amz-storage-class');
  });

  it.each(['raw', 'base64'])(
    'is encryption with a key from a file, %s, in each request that touches content',
    async (form) => {
      const key = randomBytes(32);
      const keyFile = join(folder, `sse-${form}`);
      await writeFile(keyFile, form === 'raw' ? key : `${key.toString('base64')}\n`);
      const headers = await headersWith({ encryption: { kind: 'sse-c', keyFile } });
      for (const kind of ['begin', 'part', 'end', 'head after', 'put', 'head', 'get']) {
        expect([kind, headers.get(kind)]).toMatchObject([
          kind,
          {
            'x-amz-server-side-encryption-customer-algorithm': 'AES256',
            'x-amz-server-side-encryption-customer-key': key.toString('base64'),
          },
        ]);
      }
    },
  );

  it('is a checksum of the newer kind, or an MD5 where the server is older', async () => {
    const newer = await headersWith({});
    for (const kind of ['part', 'put']) {
      expect(newer.get(kind)).toHaveProperty('x-amz-checksum-crc32');
      expect(newer.get(kind)).not.toHaveProperty('content-md5');
    }
    expect(newer.get('get')).toHaveProperty('x-amz-checksum-mode');
    const older = await headersWith({ checksums: 'when-required' });
    for (const kind of ['part', 'put']) {
      expect(Object.keys(older.get(kind) ?? {}).filter((name) => /x-amz-(checksum|sdk-checksum)/.test(name))).toEqual(
        [],
      );
      expect(older.get(kind)).toHaveProperty('content-md5');
    }
    expect(older.get('get')).not.toHaveProperty('x-amz-checksum-mode');
  });

  it('never is more than once where the key of the file is no key', async () => {
    const keyFile = join(folder, 'no-key');
    await writeFile(keyFile, 'short and s3cret');
    await using store = s3StoreAt(proxy.endpoint, { encryption: { kind: 'sse-c', keyFile } });
    const said = await store.put('x', Buffer.from('x')).catch((error: unknown) => error);
    expect(said).toMatchObject({ code: 'STORE_DENIED', message: expect.stringContaining(keyFile) });
    expect(String(said)).not.toContain('s3cret');
    expect(proxy.arrived).toEqual([]);
  });
});

describe('credentials from files', () => {
  it('are read again when they change, while a request waits for right ones', async () => {
    const files = { accessKeyIdFile: join(folder, 'id'), secretAccessKeyFile: join(folder, 'secret') };
    // s3rver looks at the id alone: it does not check signatures of the fourth version.
    await writeFile(files.accessKeyIdFile, 'N0B0DY');
    await writeFile(files.secretAccessKeyFile, 'the-s3cret\n');
    const troubles: unknown[] = [];
    await using store = s3StoreAt(proxy.endpoint, {
      credentials: files,
      patience: {
        forMs: 60_000,
        firstWaitMs: 10,
        onTrouble: ({ error }) => {
          troubles.push(error);
          if (troubles.length === 2) writeFileSync(files.accessKeyIdFile, 'S3RVER\n');
        },
      },
    });
    expect(await store.put('mine', Buffer.from('x'))).toEqual({ bytes: 1 });
    expect(troubles).toMatchObject([{ name: 'InvalidAccessKeyId' }, { name: 'InvalidAccessKeyId' }]);
    await writeFile(files.accessKeyIdFile, 'S0MEB0DY');
    const said = await store.put('mine', Buffer.from('y')).catch((error: unknown) => error);
    expect(said).toMatchObject({ code: 'STORE_DENIED', remedy: expect.stringContaining('credentials') });
    expect(String(said)).not.toMatch(/S0MEB0DY|s3cret/);
  });

  it('that cannot be read, or are empty, are named', async () => {
    const empty = join(folder, 'empty');
    await writeFile(empty, ' \n');
    for (const accessKeyIdFile of [join(folder, 'none'), empty]) {
      await using store = s3StoreAt(proxy.endpoint, { credentials: { accessKeyIdFile, secretAccessKeyFile: empty } });
      await expect(store.head('mine')).rejects.toMatchObject({
        code: 'STORE_DENIED',
        message: expect.stringContaining(accessKeyIdFile),
      });
    }
  });
});

describe('the way to the server', () => {
  it('is TLS that a CA from a file is trusted for, read again when it changes', async () => {
    const authority = await createAuthority(folder);
    const stranger = await createAuthority(folder, 'stranger');
    const pair = await issueCertificate(folder, authority, 'server');
    await using front = await startTlsFront(server.port, pair);
    const endpoint = `https://127.0.0.1:${front.port}`;
    const caFile = join(folder, 'trusted.crt');
    await copyFile(stranger.cert, caFile);
    const patience = { forMs: 60_000, firstWaitMs: 1, longestWaitMs: 2 };
    await using store = s3StoreAt(endpoint, { caFile, patience });
    await using trusting = s3StoreAt(endpoint, { patience });
    for (const each of [store, trusting]) {
      await expect(each.put('x', Buffer.from('x'))).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        message: expect.stringContaining('certificate'),
        remedy: expect.stringContaining('backup.s3.ca'),
      });
    }
    await copyFile(authority.cert, caFile);
    expect(await store.put('x', Buffer.from('x'))).toEqual({ bytes: 1 });
    await writeFile(caFile, 'no certificate');
    await expect(store.put('x', Buffer.from('x'))).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringContaining(caFile),
    });
  });

  it('goes through a proxy where one is set, and never through that of the environment', async () => {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY']) {
      vi.stubEnv(name, 'http://127.0.0.1:1');
    }
    const authority = await createAuthority(folder, 'proxied');
    await using front = await startTlsFront(server.port, await issueCertificate(folder, authority, 'proxied-server'));
    const asked: string[] = [];
    await using tunnel = await startTunnel((target) => asked.push(target));
    const endpoint = `https://127.0.0.1:${front.port}`;
    await using direct = s3StoreAt(endpoint, { caFile: authority.cert });
    expect(await direct.put('x', Buffer.from('x'))).toEqual({ bytes: 1 });
    expect(asked).toEqual([]);
    await using through = s3StoreAt(endpoint, { caFile: authority.cert, proxy: `http://127.0.0.1:${tunnel.port}` });
    expect(await through.put('x', Buffer.from('y'))).toEqual({ bytes: 1 });
    expect(asked).toContain(`127.0.0.1:${front.port}`);
  });
});

describe('a bucket', () => {
  it('that is not there is said to be so', async () => {
    await using store = new S3Store('no-such-bucket', '', { endpoint: server.endpoint, pathStyle: true });
    await expect(store.put('x', Buffer.from('x'))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringMatching(/put x at s3:\/\/no-such-bucket: there is no such bucket/),
    });
    await expect(allOf(store.list(''))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  it('without the right to delete, or under Object Lock, still takes backups, and says what it refuses', async () => {
    await using locked = await startFaultProxy(server, { conditionalWrites: true, uploads: true, noDelete: true });
    await using store = s3StoreAt(locked.endpoint);
    expect(await store.put('kept', Buffer.from('x'), { ifAbsent: true })).toEqual({ bytes: 1 });
    await expect(store.remove('kept')).rejects.toMatchObject({
      code: 'STORE_DENIED',
      key: 'kept',
      remedy: expect.stringContaining('Object Lock'),
    });
    expect(await store.head('kept')).toMatchObject({ bytes: 1 });
  });

  it('is listed to its end, page by page, also where answers break off', async () => {
    await using paged = await startFaultProxy(server, { pageSize: 100 });
    await using store = s3StoreAt(paged.endpoint);
    const names = Array.from({ length: 730 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
    await store.put('many/begin', Buffer.from('x'));
    const place = join(server.directory, bucketName, 'prefix/of/mine');
    await Promise.all(names.map((name) => writeFile(join(place, `${name}._S3rver_object`), 'x')));
    paged.faults(({ index }) => (index % 2 === 1 ? 'cut-answer' : 'none'));
    const listed = await allOf(store.list('many/0'));
    expect(listed.map(({ key }) => key)).toEqual(names);
    expect(listed[0]).toMatchObject({ key: 'many/00000', bytes: 1 });
    expect((await allOf(store.list('many/0', { after: 'many/00650' }))).map(({ key }) => key)).toEqual(
      names.slice(651),
    );
    // Each page twice: the SDK's first attempt meets the fault.
    expect(store.requests.list).toBe(2 * 8 + 2);
  });
});

describe('conditional writes', () => {
  it('are found out with one request where the probe is there already, and none later', async () => {
    await using first = s3StoreAt(proxy.endpoint);
    await first.put('conditional/1', Buffer.from('x'), { ifAbsent: true });
    await using second = s3StoreAt(proxy.endpoint);
    await second.put('conditional/2', Buffer.from('x'), { ifAbsent: true });
    expect(second.requests).toMatchObject({ put: 2, head: 0 });
    await second.put('conditional/3', Buffer.from('x'), { ifAbsent: true });
    expect(second.requests).toMatchObject({ put: 3, head: 0 });
  });

  it('make one winner of many writers', async () => {
    const stores = Array.from({ length: 5 }, () => s3StoreAt(proxy.endpoint));
    const puts = stores.map((store, index) =>
      store.put('conditional/race', Buffer.from(`${index}`), { ifAbsent: true }),
    );
    const ended = await Promise.allSettled(puts);
    const winners = ended.flatMap(({ status }, index) => (status === 'fulfilled' ? [String(index)] : []));
    const [store] = stores;
    expect(winners).toHaveLength(1);
    expect(store && String(Buffer.concat(await allOf(store.get('conditional/race'))))).toBe(winners[0]);
    for (const each of stores) await each[Symbol.asyncDispose]();
  });

  it('that s3rver does not know are told once, and it is looked before and after instead', async () => {
    const notices: string[] = [];
    await using store = s3StoreAt(server.endpoint, {
      onNotice: ({ code, message }) => notices.push(`${code} ${message}`),
    });
    await store.put('lookup/1', Buffer.from('x'), { ifAbsent: true });
    await store.put('lookup/2', Buffer.from('x'), { ifAbsent: true });
    await expect(store.put('lookup/1', Buffer.from('y'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'STORE_EXISTS',
    });
    expect(notices).toEqual([expect.stringMatching(/^STORE_NOT_CONDITIONAL s3:\/\/backups.*If-None-Match/)]);
  });

  it('that s3rver does not know: whoever finds another’s object in place of its own was not the first', async () => {
    await using plain = await startFaultProxy(server);
    await using store = s3StoreAt(plain.endpoint);
    await store.put('lookup/before', Buffer.from('x'), { ifAbsent: true });
    let looks = 0;
    plain.faults(({ method }) => {
      if (method === 'HEAD') looks += 1;
      // Before the second look another writer’s put has come in its place.
      if (looks === 2) writeFileSync(metadataPath(server.directory, 'prefix/of/mine/lookup/race'), '{}');
      return 'none';
    });
    await expect(store.put('lookup/race', Buffer.from('mine'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'STORE_EXISTS',
    });
  });
});

describe('uploads that never ended', () => {
  it('are found by their age and their place, and taken away', async () => {
    const abort = new AbortController();
    await using store = s3StoreAt(proxy.endpoint, { partBytes: 5 * 2 ** 20 });
    // Nothing can be aborted while its writer dies.
    proxy.faults(({ method }) => (method === 'DELETE' ? 'reset' : 'none'));
    const before = await openUploads(server.directory);
    const halfway = async function* () {
      yield* pieces(large);
      yield* pieces(large);
      const begun = async () => (await openUploads(server.directory)).length;
      await expect.poll(begun, { timeout: 60_000 }).toBe(before.length + 1);
      abort.abort(new Error('the agent dies'));
      await new Promise(() => undefined);
    };
    await expect(store.put('left/one', halfway(), {}, abort.signal)).rejects.toThrow('the agent dies');
    proxy.faults(() => 'none');
    expect((await openUploads(server.directory)).length).toBe(before.length + 1);
    expect(await store.removeAbandoned(3_600_000)).toBe(0);
    expect(await store.removeAbandoned(-1000, undefined, 'elsewhere')).toBe(0);
    expect(await store.removeAbandoned(-1000, undefined, 'left')).toBe(1);
    expect(await openUploads(server.directory)).toEqual(before);
  });

  it('stay while this process is at them', async () => {
    await using store = s3StoreAt(proxy.endpoint, { partBytes: 5 * 2 ** 20 });
    const { promise: hold, resolve: go } = Promise.withResolvers<void>();
    const slow = async function* () {
      yield* pieces(large);
      yield* pieces(large);
      await hold;
    };
    const before = await openUploads(server.directory);
    const putting = store.put('own/one', slow());
    await expect
      .poll(async () => (await openUploads(server.directory)).length, { timeout: 60_000 })
      .toBe(before.length + 1);
    expect(await store.removeAbandoned(-1000, undefined, 'own')).toBe(0);
    go();
    expect(await putting).toEqual({ bytes: 2 * large.length });
  });

  it('that s3rver cannot list are told of, once', async () => {
    const notices: string[] = [];
    await using store = s3StoreAt(server.endpoint, { onNotice: ({ code }) => notices.push(code) });
    expect(await store.removeAbandoned(0)).toBe(0);
    expect(await store.removeAbandoned(0)).toBe(0);
    expect(notices).toEqual(['STORE_UPLOADS_NOT_LISTED']);
  });
});

describe('the memory of an upload', () => {
  it('is bounded by its parts: the body is not read ahead of them', async () => {
    await using store = s3StoreAt(proxy.endpoint, { partBytes: 5 * 2 ** 20, partsAtOnce: 2 });
    const { promise: hold, resolve: go } = Promise.withResolvers<void>();
    let given = 0;
    let isHeld = true;
    const much = async function* () {
      for (let piece = 0; piece < 60; piece += 1) {
        given += 2 ** 20;
        yield Buffer.alloc(2 ** 20, piece);
      }
    };
    // Each answer to a part is lost while it is held.
    proxy.faults(({ url }) => (isHeld && url.includes('partNumber') ? 'reset' : 'none'));
    let most = 0;
    await using held = s3StoreAt(proxy.endpoint, {
      partBytes: 5 * 2 ** 20,
      partsAtOnce: 2,
      patience: {
        forMs: 60_000,
        firstWaitMs: 5,
        longestWaitMs: 10,
        onTrouble: ({ failures }) => {
          most = Math.max(most, given);
          if (failures > 10) go();
        },
      },
    });
    const putting = held.put('much', much());
    await hold;
    isHeld = false;
    expect(await putting).toEqual({ bytes: 60 * 2 ** 20 });
    // Two parts on their way, one that is gathered, and what lies between.
    expect(most).toBeLessThanOrEqual((3 * 5 + 3) * 2 ** 20);
    await store.remove('much');
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { ByteRange, Store } from '../../../src/backup/store/store.ts';
import { allOf } from './all-of.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { s3StoreAt, startS3Server } from './s3-server.ts';

interface Opened extends AsyncDisposable {
  readonly store: Store;
}

async function inFolder(): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-store-'));
  return {
    store: new LocalStore(join(folder, 'made', 'when needed')),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

async function inBucket(conditionalWrites: boolean): Promise<Opened> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startS3Server());
  const proxy = stack.use(await startFaultProxy(server, { conditionalWrites, uploads: conditionalWrites }));
  const store = stack.use(s3StoreAt(proxy.endpoint));
  return { store, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

async function read(store: Store, key: string, range?: ByteRange): Promise<Buffer> {
  return Buffer.concat(await allOf(store.get(key, range)));
}

async function keysOf(store: Store, prefix: string, after?: string): Promise<readonly string[]> {
  const objects = await allOf(store.list(prefix, after === undefined ? {} : { after }));
  return objects.map(({ key }) => key);
}

/** So many bytes in pieces of odd sizes. */
async function* inPieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0, size = 1; at < content.length; at += size, size = 1 + ((size * 7919) % 300_000)) {
    yield content.subarray(at, at + size);
  }
}

describe.each([
  { name: 'a folder', open: inFolder },
  { name: 'a bucket that knows conditional writes', open: async () => await inBucket(true) },
  { name: 'a bucket of s3rver, which knows no conditional writes', open: async () => await inBucket(false) },
])('a store in $name', ({ open }) => {
  let opened: Opened;
  let store: Store;

  beforeAll(async () => {
    opened = await open();
    store = opened.store;
  });
  afterAll(async () => await opened[Symbol.asyncDispose]());

  it('gives back what was put, and says how large it is', async () => {
    const content = randomBytes(700_001);
    expect(await store.put('full/a.bin', inPieces(content))).toEqual({ bytes: content.length });
    expect((await read(store, 'full/a.bin')).equals(content)).toBe(true);
    const found = await store.head('full/a.bin');
    expect(found).toMatchObject({ key: 'full/a.bin', bytes: content.length });
    expect(Math.abs((found?.modifiedAtMs ?? 0) - Date.now())).toBeLessThan(600_000);
  });

  it('takes what is larger than a part, from pieces of any size', async () => {
    const content = randomBytes(13 * 2 ** 20 + 17);
    const before = createHash('sha256').update(content).digest('hex');
    const put = await store.put('full/large.bin', inPieces(content), { expectedBytes: content.length });
    expect(put).toEqual({ bytes: content.length });
    const back = await read(store, 'full/large.bin');
    expect(createHash('sha256').update(back).digest('hex')).toBe(before);
  });

  it('takes a buffer, an empty one too, and replaces what was there', async () => {
    expect(await store.put('one', Buffer.alloc(0))).toEqual({ bytes: 0 });
    expect(await read(store, 'one')).toEqual(Buffer.alloc(0));
    await store.put('one', Buffer.from('abc'));
    await store.put('one', Buffer.from('abcdef'));
    expect(String(await read(store, 'one'))).toBe('abcdef');
  });

  it.each<[ByteRange, string]>([
    [{ fromByte: 0, toByte: 1 }, '0'],
    [{ fromByte: 3 }, '3456789'],
    [{ fromByte: 3, toByte: 5 }, '34'],
    [{ fromByte: 8, toByte: 100 }, '89'],
    [{ fromByte: 10 }, ''],
    [{ fromByte: 50, toByte: 60 }, ''],
    [{ fromByte: 4, toByte: 4 }, ''],
  ])('reads the range %j of an object', async (range, expected) => {
    await store.put('range', Buffer.from('0123456789'));
    expect(String(await read(store, 'range', range))).toBe(expected);
  });

  it('says that something is not there', async () => {
    expect(await store.head('nothing/here')).toBeUndefined();
    await expect(read(store, 'nothing/here')).rejects.toMatchObject({ code: 'STORE_NOT_FOUND', key: 'nothing/here' });
    expect(await keysOf(store, 'nothing/')).toEqual([]);
  });

  it('lists what begins with a prefix, ascending as the keys sort, from behind a key on', async () => {
    const keys = ['list/a-b', 'list/a.b', 'list/a/b', 'list/a/c/d', 'list/a0', 'list/b', 'list/c/d', 'listing'];
    for (const key of keys.toReversed()) await store.put(key, Buffer.from(key));
    expect(await keysOf(store, 'list')).toEqual(keys);
    expect(await keysOf(store, 'list/')).toEqual(keys.slice(0, -1));
    expect(await keysOf(store, 'list/a/')).toEqual(['list/a/b', 'list/a/c/d']);
    expect(await keysOf(store, 'list/a')).toEqual(keys.slice(0, 5));
    for (const [index, key] of keys.entries()) {
      expect(await keysOf(store, 'list', key)).toEqual(keys.slice(index + 1));
    }
    expect(await keysOf(store, 'list/', 'list/a/\x7f')).toEqual(['list/a0', 'list/b', 'list/c/d']);
    const [first] = await allOf(store.list('list/a-'));
    expect(first).toMatchObject({ key: 'list/a-b', bytes: 8 });
  });

  it('lists nothing of what it keeps for itself', async () => {
    await store.put('own/once', Buffer.from('1'), { ifAbsent: true });
    expect((await keysOf(store, '')).filter((key) => /(^|\/)\./.test(key))).toEqual([]);
  });

  it('puts where nothing is, and leaves what is there', async () => {
    await store.put('claim', Buffer.from('mine'), { ifAbsent: true });
    await expect(store.put('claim', Buffer.from('yours'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'STORE_EXISTS',
      key: 'claim',
    });
    expect(String(await read(store, 'claim'))).toBe('mine');
  });

  it('leaves what is there also where what is put is larger than a part', async () => {
    await store.put('large-claim', Buffer.from('mine'), { ifAbsent: true });
    const putting = store.put('large-claim', inPieces(randomBytes(6 * 2 ** 20)), { ifAbsent: true });
    await expect(putting).rejects.toMatchObject({ code: 'STORE_EXISTS' });
    expect(String(await read(store, 'large-claim'))).toBe('mine');
  });

  it('removes an object, and one that is not there', async () => {
    await store.put('gone/soon', Buffer.from('x'));
    await store.remove('gone/soon');
    expect(await store.head('gone/soon')).toBeUndefined();
    await store.remove('gone/soon');
  });

  it.each([100, 6 * 2 ** 20])('keeps nothing of a body that throws after %i bytes', async (bytes) => {
    const failing = async function* () {
      yield randomBytes(bytes);
      throw new RangeError('the compressor broke');
    };
    await expect(store.put('broken/body', failing())).rejects.toThrow(new RangeError('the compressor broke'));
    expect(await store.head('broken/body')).toBeUndefined();
    expect(await keysOf(store, 'broken/')).toEqual([]);
  });

  it('ends with the signal, also where the body never comes', async () => {
    const abort = new AbortController();
    const silent = async function* () {
      yield randomBytes(1000);
      await new Promise(() => undefined);
    };
    const putting = store.put('aborted', silent(), {}, abort.signal);
    const reason = new Error('the agent ends');
    setTimeout(() => abort.abort(reason), 50);
    await expect(putting).rejects.toBe(reason);
    expect(await store.head('aborted')).toBeUndefined();
    await expect(allOf(store.get('claim', undefined, abort.signal))).rejects.toBe(reason);
  });

  it.each(['../out', 'a/../../out', '/etc/passwd', 'a//b', 'a/', '', '.hidden', 'a/.b', 'a\0b', 'a\\b', 'ü'])(
    'refuses the key %j',
    async (key) => {
      await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await expect(read(store, key)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await expect(store.head(key)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await expect(store.remove(key)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    },
  );

  it('finds nothing abandoned where nothing is', async () => {
    expect(await store.removeAbandoned(0)).toBe(0);
  });

  it('counts what it was asked for', async () => {
    const before = { ...store.requests };
    await store.put('counted', Buffer.from('x'));
    await read(store, 'counted');
    await store.head('counted');
    await keysOf(store, 'counted');
    await store.remove('counted');
    const after = Object.entries(store.requests).map(([kind, count]) => [
      kind,
      count - before[kind as keyof typeof before],
    ]);
    expect(Object.fromEntries(after)).toEqual({ put: 1, get: 1, head: 1, list: 1, delete: 1 });
  });
});

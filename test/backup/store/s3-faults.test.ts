import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { S3Options } from '../../../src/backup/store/s3/options.ts';
import type { S3Store } from '../../../src/backup/store/s3.ts';
import { allOf } from './all-of.ts';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { openUploads, type S3Server, s3StoreAt, startS3Server } from './s3-server.ts';

/** Two parts, the first as small as S3 takes it. */
const large = randomBytes(5 * 2 ** 20 + 4321);
const partBytes = 5 * 2 ** 20;
const small = randomBytes(100_000);
/** How long nothing may come or go, where what hangs is to be outlived: what is well must not come near to it. */
const patientMs = 6000;
const prefix = 'prefix/of/mine';

/** What may meet a request of an upload. `cut-request` and `hang` come before and after the server has done it. */
const uploadFaults: readonly Fault[] = [
  'reset',
  'cut-request',
  'status-500',
  'status-503',
  'page-200',
  'lose-answer',
  'cut-answer',
  'hang',
];
const downloadFaults: readonly Fault[] = [
  'reset',
  'status-500',
  'status-503',
  'lose-answer',
  'cut-answer',
  'hang',
  'hang-midway',
];

let server: S3Server;
let proxy: FaultProxy;
let store: S3Store;
const features = { conditionalWrites: true, uploads: true };

beforeAll(async () => {
  server = await startS3Server();
  proxy = await startFaultProxy(server, features);
  store = s3StoreAt(proxy.endpoint, { partBytes });
  // So that the probe of conditional writes is not among the requests that are counted below.
  await store.put('probe', Buffer.from('x'), { ifAbsent: true });
});
beforeEach(() => proxy.faults(() => 'none'));
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Runs `use` with a proxy and a store of its own: the waits of many faults pass best at the same time, and so do the tests of them. */
async function behindFaults(
  options: S3Options,
  use: (own: { readonly store: S3Store; readonly proxy: FaultProxy }) => Promise<void>,
): Promise<void> {
  await using ownProxy = await startFaultProxy(server, features);
  await using ownStore = s3StoreAt(ownProxy.endpoint, { partBytes, ...options });
  await ownStore.put(newKey(), Buffer.from('x'), { ifAbsent: true });
  await use({ store: ownStore, proxy: ownProxy });
}

/** Only what hangs needs a short wait: on a busy machine one would end what is well. */
function idle(fault: Fault, timeoutMs: number): S3Options {
  return fault.startsWith('hang') ? { idleTimeoutMs: timeoutMs } : {};
}

/** From 1 to `count`. */
function each(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 777_777) yield content.subarray(at, at + 777_777);
}

let names = 0;
function newKey(): string {
  names += 1;
  return `faults/${names}`;
}

describe.each([
  { what: 'a large upload where nothing may be', content: large, ifAbsent: true, requests: 5 },
  { what: 'a small upload', content: small, ifAbsent: false, requests: 1 },
  { what: 'a small upload where nothing may be', content: small, ifAbsent: true, requests: 1 },
])('$what', ({ content, ifAbsent, requests }) => {
  it('makes so many requests', async () => {
    await store.put(newKey(), pieces(content), { ifAbsent });
    expect(proxy.arrived.length).toBe(requests);
  });

  it.concurrent.each(uploadFaults)('succeeds, whichever of its requests met a passing %s', async (fault) => {
    const tries = each(requests).map((index) =>
      behindFaults(idle(fault, patientMs), async (own) => {
        const key = newKey();
        own.proxy.faults((arrived) => (arrived.index === index ? fault : 'none'));
        expect(await own.store.put(key, pieces(content), { ifAbsent })).toEqual({ bytes: content.length });
        expect(content.equals((await server.stored(`${prefix}/${key}`)) ?? Buffer.alloc(0))).toBe(true);
      }),
    );
    await Promise.all(tries);
  });

  it.concurrent.each(uploadFaults)(
    'never says that it succeeded where, from any request on, %s stays',
    async (fault) => {
      const hasty = { ...idle(fault, 300), patience: { forMs: 100, firstWaitMs: 10 } };
      const tries = each(requests).map((index) =>
        behindFaults(hasty, async (own) => {
          const key = newKey();
          own.proxy.faults((arrived) => (arrived.index >= index ? fault : 'none'));
          const outcome = await own.store.put(key, pieces(content), { ifAbsent }).catch((error: unknown) => error);
          const stored = await server.stored(`${prefix}/${key}`);
          // What was done before the answer was lost is there whole.
          expect(stored === undefined || content.equals(stored)).toBe(true);
          if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'StoreError', key });
          // Some answers have no body that could be cut.
          else expect([fault, stored?.length]).toEqual(['cut-answer', content.length]);
        }),
      );
      await Promise.all(tries);
    },
  );

  it('fails at once, and says why, where it is not allowed', async () => {
    const key = newKey();
    proxy.faults(() => 'status-403');
    await expect(store.put(key, pieces(content), { ifAbsent })).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringContaining(`put ${key} at s3://backups/${prefix}`),
      remedy: expect.stringContaining('credentials'),
    });
  });
});

describe('an upload in parts that fails', () => {
  it('is aborted, so that its parts do not stay', async () => {
    const before = await openUploads(server.directory);
    proxy.faults(({ url }) => (url.includes('partNumber=2') ? 'status-403' : 'none'));
    await expect(store.put(newKey(), pieces(large))).rejects.toMatchObject({ code: 'STORE_DENIED' });
    expect(await openUploads(server.directory)).toEqual(before);
  });

  it('is aborted where its body throws', async () => {
    const before = await openUploads(server.directory);
    const failing = async function* () {
      yield* pieces(large);
      throw new RangeError('the compressor broke');
    };
    await expect(store.put(newKey(), failing())).rejects.toThrow('the compressor broke');
    expect(await openUploads(server.directory)).toEqual(before);
  });

  it('tells its body that nobody reads on', async () => {
    await using alone = s3StoreAt(proxy.endpoint, { partBytes, partsAtOnce: 1 });
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const endless = async function* () {
      try {
        for (;;) yield Buffer.alloc(2 ** 20);
      } finally {
        tell();
      }
    };
    proxy.faults(({ url }) => (url.includes('partNumber=2') ? 'status-403' : 'none'));
    await expect(alone.put(newKey(), endless())).rejects.toMatchObject({ code: 'STORE_DENIED' });
    await told;
  });

  it('says why it failed, also where it cannot be aborted', async () => {
    proxy.faults(({ url, method }) => (url.includes('partNumber=2') || method === 'DELETE' ? 'status-403' : 'none'));
    await expect(store.put(newKey(), pieces(large))).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringContaining('put faults/'),
    });
  });
});

describe('a download', () => {
  it.concurrent.each(downloadFaults)('succeeds, whichever of its requests met a passing %s', async (fault) => {
    const key = newKey();
    await store.put(key, large);
    const tries = [undefined, { fromByte: 1_000_000, toByte: 5_000_000 }].flatMap((range) =>
      [1, 2].map((met) =>
        behindFaults(idle(fault, patientMs), async (own) => {
          // The second one is only made where the first one broke midway.
          own.proxy.faults(({ index }) => (index === met ? fault : met === 2 && index === 1 ? 'cut-answer' : 'none'));
          const back = Buffer.concat(await allOf(own.store.get(key, range)));
          expect(back.equals(large.subarray(range?.fromByte ?? 0, range?.toByte))).toBe(true);
        }),
      ),
    );
    await Promise.all(tries);
  });

  it.concurrent.each(downloadFaults)('never ends as if it were whole where %s stays', async (fault) => {
    const key = newKey();
    await store.put(key, large);
    await behindFaults({ ...idle(fault, 300), patience: { forMs: 100, firstWaitMs: 10 } }, async (own) => {
      // Of what a broken answer brings nothing may be lost or doubled: it goes on from there.
      own.proxy.faults(({ index }) => (index === 1 ? 'cut-answer' : fault));
      const got: Buffer[] = [];
      const reading = (async () => {
        for await (const piece of own.store.get(key)) got.push(piece);
      })();
      const ended = await reading.catch((error: unknown) => error);
      const bytes = Buffer.concat(got);
      expect(bytes.equals(large.subarray(0, bytes.length))).toBe(true);
      // Half of what is left, again and again, gets there in the end.
      if (ended === undefined) expect(bytes.length).toBe(large.length);
      else expect(ended).toMatchObject({ code: 'STORE_UNREACHABLE', key });
    });
  });

  it('takes a slow answer', async () => {
    const key = newKey();
    await store.put(key, small);
    proxy.faults(() => 'slow-answer');
    expect(Buffer.concat(await allOf(store.get(key))).equals(small)).toBe(true);
  });

  it('of an object in an archive class is a fault of that object, and not of the store', async () => {
    const key = newKey();
    await store.put(key, small);
    proxy.faults(() => 'cold');
    await expect(allOf(store.get(key))).rejects.toMatchObject({
      code: 'STORE_COLD',
      key,
      remedy: expect.stringContaining('RestoreObject'),
    });
    expect(proxy.arrived).toHaveLength(1);
  });

  it('notices that the object was replaced meanwhile', async () => {
    const key = newKey();
    await store.put(key, large);
    proxy.faults(({ index }) => (index === 1 ? 'cut-answer' : 'none'));
    const reading = store.get(key)[Symbol.asyncIterator]();
    await reading.next();
    await using other = s3StoreAt(server.endpoint);
    await other.put(key, randomBytes(large.length));
    const rest = async () => {
      for (;;) if ((await reading.next()).done === true) return;
    };
    await expect(rest()).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  });

  it('says that the object went while it was read', async () => {
    const key = newKey();
    await store.put(key, large);
    proxy.faults(({ index }) => (index === 1 ? 'cut-answer' : 'none'));
    const reading = store.get(key)[Symbol.asyncIterator]();
    await reading.next();
    await using other = s3StoreAt(server.endpoint);
    await other.remove(key);
    const rest = async () => {
      for (;;) if ((await reading.next()).done === true) return;
    };
    await expect(rest()).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
  });
});

describe('what is no answer of a store', () => {
  it('is never taken for an object that is not there, a list without objects, or content', async () => {
    const key = newKey();
    await store.put(key, small);
    await behindFaults({ patience: { forMs: 100, firstWaitMs: 10 } }, async (own) => {
      own.proxy.faults(() => 'page-200');
      await expect(own.store.head(key)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      await expect(allOf(own.store.get(key))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      await expect(allOf(own.store.list(''))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    });
  });
});

describe('a store that is away for a while', () => {
  it('is waited for, and the wait is told', async () => {
    const troubles: number[] = [];
    await using patient = s3StoreAt(proxy.endpoint, {
      patience: {
        forMs: 60_000,
        firstWaitMs: 10,
        longestWaitMs: 50,
        onTrouble: ({ failures, what }) => {
          expect(what).toContain('away');
          troubles.push(failures);
        },
      },
    });
    await proxy.down();
    const content = async function* () {
      yield small;
    };
    const putting = patient.put('away', content());
    const listing = allOf(patient.list('away'));
    await expect.poll(() => troubles.length).toBeGreaterThan(6);
    await proxy.up();
    expect(await putting).toEqual({ bytes: small.length });
    await listing;
    expect(await patient.head('away')).toMatchObject({ bytes: small.length });
  });

  it('is given up when patience ends, with what to do', async () => {
    await using hasty = s3StoreAt(proxy.endpoint, { patience: { forMs: 200, firstWaitMs: 10 } });
    await proxy.down();
    try {
      await expect(hasty.put('away', small)).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        message: expect.stringContaining('ECONNREFUSED'),
        remedy: expect.stringContaining('network'),
      });
      await expect(allOf(hasty.list(''))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      await expect(hasty.head('away')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      await expect(hasty.remove('away')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      await expect(hasty.removeAbandoned(0)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    } finally {
      await proxy.up();
    }
  });

  it('lets go at once when the caller ends', async () => {
    await proxy.down();
    try {
      const abort = new AbortController();
      const reason = new Error('the agent ends');
      await using patient = s3StoreAt(proxy.endpoint, { patience: { forMs: 3_600_000, firstWaitMs: 3_600_000 } });
      const putting = patient.put('away', small, {}, abort.signal);
      setTimeout(() => abort.abort(reason), 100);
      await expect(putting).rejects.toBe(reason);
      const timeout = AbortSignal.timeout(100);
      const looking = patient.head('away', timeout);
      await expect(looking).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(await looking.catch((error: unknown) => error)).toBe(timeout.reason);
    } finally {
      await proxy.up();
    }
  });
});

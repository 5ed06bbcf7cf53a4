import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { gapsOf } from '../../../src/backup/chain.ts';
import { hold, markVerified, readMarks, release } from '../../../src/backup/retention/marks.ts';
import { planPrune, prune } from '../../../src/backup/retention/prune.ts';
import { readThinned } from '../../../src/backup/retention/thinned.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { type Store, StoreError } from '../../../src/backup/store/store.ts';
import { alteredStore, bytesOf, keysOf } from '../altered-store.ts';
import { hourly, NOTHING, NOW_MS } from './timeline.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-prune-'));
  store = new LocalStore(folder);
  for (const { key, bytes } of hourly(5)) await store.put(key, Buffer.alloc(bytes));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const why = { reason: 'before the upgrade', by: 'me', atMs: NOW_MS };

/** Ids of the chains whose manifests are there. */
async function chains(): Promise<string[]> {
  return (await keysOf(store)).flatMap((key) => /^full\/\d{19}-.*-(c\d+)\.json$/.exec(key)?.[1] ?? []);
}

describe('pruning', () => {
  test('takes away what the plan names and nothing else; planning takes nothing', async () => {
    await markVerified(store, 'c3', { by: 'hashes', atMs: NOW_MS });
    await store.put('claim.json', Buffer.from('{}'));
    const before = await keysOf(store);
    const plan = await planPrune(store, NOTHING, NOW_MS);
    expect(await keysOf(store)).toEqual(before);
    const { removed, removedBytes, denied } = await prune(store, NOTHING, NOW_MS);
    expect(removed.toSorted()).toEqual(plan.objects.filter(({ keep }) => !keep).map(({ key }) => key));
    expect(removedBytes).toBe(plan.removedBytes);
    expect(denied).toEqual([]);
    expect(await chains()).toEqual(['c3', 'c4']);
    expect(await keysOf(store)).toEqual(before.filter((key) => !removed.includes(key)));
    expect((await prune(store, NOTHING, NOW_MS)).removed).toEqual([]);
  });

  test('spares what is held, until it is released', async () => {
    await markVerified(store, 'c4', { by: 'restored', atMs: NOW_MS });
    await hold(store, 'c1', why);
    expect(await readMarks(store)).toEqual({ held: new Set(['c1']), verified: new Set(['c4']), broken: new Set() });
    await prune(store, NOTHING, NOW_MS);
    expect(await chains()).toEqual(['c1', 'c4']);
    await release(store, 'c1');
    await prune(store, NOTHING, NOW_MS);
    expect(await chains()).toEqual(['c4']);
  });

  test('spares what was held while it was listed', async () => {
    let held = false;
    const racing = alteredStore(store, {
      list: async function* (prefix, options, signal) {
        yield* store.list(prefix, options, signal);
        if (prefix === '' && !held) {
          held = true;
          await hold(store, 'c0', why);
        }
      },
    });
    await prune(racing, NOTHING, NOW_MS);
    expect(await chains()).toEqual(['c0', 'c3', 'c4']);
    expect((await keysOf(store)).filter((key) => /^delta\/0{16}1/.test(key))).toHaveLength(2);
  });

  test('spares what was held just before it was taken away', async () => {
    const before = (await keysOf(store)).filter((key) => /c0|^delta\/0{16}1/.test(key));
    const manifest = before.find((key) => key.endsWith('-c0.json')) ?? '';
    const content = Buffer.from('{"what": "it was"}');
    await store.put(manifest, content);
    // Both times that whoever holds it looks for the manifest, it is still there.
    const racing = alteredStore(store, {
      remove: async (key, signal) => {
        if (key === manifest) await hold(store, 'c0', why);
        await store.remove(key, signal);
      },
    });
    const { removed, denied, plan } = await prune(racing, NOTHING, NOW_MS);
    expect(denied).toEqual([]);
    expect(before.filter((key) => removed.includes(key))).toEqual([]);
    expect(plan.objects.find(({ key }) => key === manifest)).toMatchObject({ keep: true, reason: 'held' });
    expect(await keysOf(store)).toEqual(expect.arrayContaining(before));
    expect(await bytesOf(store, manifest)).toEqual(content);
    expect(await chains()).toEqual(['c0', 'c3', 'c4']);
  });

  test('a manifest is put back where nobody says whether its chain is held, also for one who is to end', async () => {
    const ending = new AbortController();
    const away = alteredStore(store, {
      remove: async (key, signal) => {
        await store.remove(key, signal);
        if (key.endsWith('-c0.json')) ending.abort(new Error('the term is over'));
      },
      head: (key, signal) =>
        ending.signal.aborted
          ? Promise.reject(new StoreError('STORE_UNREACHABLE', 'It is away.'))
          : store.head(key, signal),
    });
    await expect(prune(away, NOTHING, NOW_MS, ending.signal)).rejects.toThrow('the term is over');
    expect(await chains()).toContain('c0');
    await prune(store, NOTHING, NOW_MS);
    expect(await chains()).toEqual(['c3', 'c4']);
  });

  test.each(['STORE_COLD', 'STORE_DAMAGED'] as const)(
    'a manifest that could not be put back stays, and is said: %s',
    async (code) => {
      const unreadable = alteredStore(store, {
        get: (key, ...rest) => {
          if (key.endsWith('-c1.json')) throw new StoreError(code, 'It cannot be read.');
          return store.get(key, ...rest);
        },
      });
      const { denied } = await prune(unreadable, NOTHING, NOW_MS);
      expect(denied).toEqual([expect.stringContaining('-c1.json')]);
      expect(await chains()).toEqual(['c1', 'c3', 'c4']);
    },
  );

  test('a chain that is not there cannot be held', async () => {
    await expect(hold(store, 'c9', why)).rejects.toMatchObject({ code: 'CHAIN_UNKNOWN' });
    // It is taken away at that moment.
    const racing = alteredStore(store, {
      put: async (...given) => {
        const result = await store.put(...given);
        for (const key of await keysOf(store)) if (key.includes('-c1.')) await store.remove(key);
        return result;
      },
    });
    await expect(hold(racing, 'c1', why)).rejects.toMatchObject({ code: 'CHAIN_UNKNOWN' });
    expect((await readMarks(store)).held).toEqual(new Set());
  });

  test('what the store does not let go of stays, and is said; nothing else of that chain is taken', async () => {
    const locked = alteredStore(store, {
      remove: (key, signal) =>
        key.endsWith('-c1.json') ? Promise.reject(new StoreError('STORE_DENIED', 'locked')) : store.remove(key, signal),
    });
    const { denied, removed } = await prune(locked, NOTHING, NOW_MS);
    expect(denied).toEqual([expect.stringContaining('-c1.json')]);
    expect(removed).toHaveLength(8);
    expect(await chains()).toEqual(['c1', 'c3', 'c4']);
    expect((await keysOf(store)).filter((key) => key.includes('-c1.snap'))).toHaveLength(1);
    const all = await prune(
      alteredStore(store, { remove: () => Promise.reject(new StoreError('STORE_DENIED', 'no')) }),
      NOTHING,
      NOW_MS,
    );
    expect(all.removed).toEqual([]);
  });

  test('says what it thins out before it is gone; where that cannot be written no segment goes', async () => {
    await markVerified(store, 'c4', { by: 'hashes', atMs: NOW_MS });
    await hold(store, 'c1', why);
    const order: string[] = [];
    const watched = alteredStore(store, {
      put: (key, ...rest) => {
        order.push(`put ${key}`);
        return store.put(key, ...rest);
      },
      remove: (key, signal) => {
        order.push(`remove ${key.replace(/\/.*/, '')}`);
        return store.remove(key, signal);
      },
    });
    const denying = alteredStore(store, { put: () => Promise.reject(new StoreError('STORE_DENIED', 'no')) });
    const half = await prune(denying, NOTHING, NOW_MS);
    const record = 'thinned/0000000000000000301-0000000000000000500.json';
    expect(half.denied).toEqual([record]);
    expect((await keysOf(store)).filter((key) => key.startsWith('delta/'))).toHaveLength(10);
    // The manifests are gone; now the segments are of the chain before, which is held.
    expect((await prune(watched, NOTHING, NOW_MS)).denied).toEqual([]);
    expect(await chains()).toEqual(['c1', 'c4']);
    await rm(folder, { recursive: true });
    for (const { key, bytes } of hourly(5)) await store.put(key, Buffer.alloc(bytes));
    await markVerified(store, 'c4', { by: 'hashes', atMs: NOW_MS });
    await hold(store, 'c1', why);
    order.length = 0;
    await prune(watched, NOTHING, NOW_MS);
    expect(order.indexOf('remove delta')).toBeGreaterThan(order.findIndex((what) => what.startsWith('put thinned/')));
    expect(order.indexOf('remove full')).toBe(0);
    expect(gapsOf(await readCatalogue(store), await readThinned(store))).toEqual([]);
  });

  test('one that dies at any request leaves no gap that nobody has told of', async () => {
    await hold(store, 'c1', why);
    for (let after = 0; after < 14; after += 1) {
      let requests = 0;
      const dying = alteredStore(store, {
        put: (...given) => {
          requests += 1;
          return requests > after % 5
            ? Promise.reject(new StoreError('STORE_UNREACHABLE', 'gone'))
            : store.put(...given);
        },
        remove: (key, signal) => {
          requests += 1;
          return requests > after % 5
            ? Promise.reject(new StoreError('STORE_UNREACHABLE', 'gone'))
            : store.remove(key, signal);
        },
      });
      await prune(dying, NOTHING, NOW_MS).catch((error: unknown) => expect(error).toBeInstanceOf(StoreError));
      expect(gapsOf(await readCatalogue(store), await readThinned(store))).toEqual([]);
    }
  });

  test('one that dies midway leaves no manifest without what it names, and the next one goes on', async () => {
    for (let after = 0; after < 12; after += 1) {
      let removals = 0;
      const dying = alteredStore(store, {
        remove: (key, signal) => {
          removals += 1;
          return removals > 1 ? Promise.reject(new StoreError('STORE_UNREACHABLE', 'gone')) : store.remove(key, signal);
        },
      });
      await prune(dying, NOTHING, NOW_MS).catch((error: unknown) => expect(error).toBeInstanceOf(StoreError));
      const keys = await keysOf(store);
      for (const id of await chains()) expect(keys.filter((key) => key.includes(`-${id}.snap`))).toHaveLength(1);
    }
    expect(await chains()).toEqual(['c3', 'c4']);
  });
});

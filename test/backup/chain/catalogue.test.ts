import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { gapsOf } from '../../../src/backup/chain.ts';
import { deltaKey, manifestKey } from '../../../src/backup/names.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { alteredStore } from '../altered-store.ts';

const delta = (from: bigint, to: bigint, id: string) => deltaKey({ kind: 'delta', from, to, epoch: 1n, id }, false);
const small = [delta(1n, 2n, 'a'), delta(3n, 4n, 'b'), delta(5n, 6n, 'c')];
const large = delta(1n, 4n, 'z');
let folder: string;
let store: LocalStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-catalogue-'));
  store = new LocalStore(folder);
  const full = manifestKey({ kind: 'full', revision: 0n, time: '20260101T120000Z', id: 'f' });
  for (const key of [full, ...small]) await store.put(key, Buffer.from('x'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** As a bucket is listed while an agent merges: the large one came behind what was read already, and the small ones went before it. */
function listedDuringMerge(times: number): { readonly listings: () => number; readonly store: LocalStore } {
  let listings = 0;
  const altered = alteredStore(store, {
    list: async function* (prefix, options, signal) {
      if (prefix === 'delta/') listings += 1;
      for await (const object of store.list(prefix, options, signal)) {
        const isMoved = listings <= times && (object.key === large || small.slice(0, 2).includes(object.key));
        if (!isMoved) yield object;
      }
    },
  });
  return { listings: () => listings, store: altered as LocalStore };
}

test('a gap that only one listing shows is none', async () => {
  await store.put(large, Buffer.from('x'));
  const merging = listedDuringMerge(1);
  expect(gapsOf(await readCatalogue(merging.store))).toEqual([]);
});

test('a gap that two listings show alike is one', async () => {
  await store.remove(small[1] ?? '');
  const merging = listedDuringMerge(0);
  expect(gapsOf(await readCatalogue(merging.store))).toEqual([{ from: 3n, to: 4n }]);
  expect(merging.listings()).toBe(2);
});

test('where nothing is missing it is listed once', async () => {
  const merging = listedDuringMerge(0);
  await readCatalogue(merging.store);
  expect(merging.listings()).toBe(1);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chooseOwnedPlace, choosePlace, findPlaces } from '../../src/backup/places.ts';
import { claimPlace } from '../../src/backup/store/claim.ts';
import { LocalStore } from '../../src/backup/store/local.ts';
import type { StoredObject } from '../../src/backup/store/store.ts';
import { alteredStore } from './altered-store.ts';
import { full, HOUR_MS, NOW_MS, segment } from './retention/timeline.ts';

const at = (timeline: string, objects: readonly StoredObject[]): readonly StoredObject[] =>
  objects.map((object) => ({ ...object, key: `prod/${timeline}/${object.key}` }));

/** A store that lists these. */
function listing(objects: readonly StoredObject[]) {
  return alteredStore(new LocalStore('/nowhere'), {
    list: async function* () {
      yield* objects;
    },
  });
}

const older = at('t1', [
  ...full('a', 100, NOW_MS - 9 * HOUR_MS),
  segment(101, 200, NOW_MS - 8 * HOUR_MS),
  ...full('b', 200, NOW_MS - 7 * HOUR_MS),
  segment(201, 300, NOW_MS - 6 * HOUR_MS),
]);
const newer = at('t2', [segment(1, 50, NOW_MS - 5 * HOUR_MS)]);
const chosen = async (objects: readonly StoredObject[]) =>
  choosePlace(await findPlaces(listing(objects)), {}, 'file:///nowhere').timeline;

test('the timeline is meant that was written to last, also where its first full snapshot is under way', async () => {
  expect(await chosen([...older, ...newer])).toBe('t2');
  expect(await chosen([...older, ...at('t1', [segment(301, 400, NOW_MS)]), ...newer])).toBe('t1');
});

test('what was moved to a colder storage class has a new time, and was not written', async () => {
  const moved = older.map((object) =>
    /snap|-0{16}200-/.test(object.key) ? { ...object, modifiedAtMs: NOW_MS } : object,
  );
  expect(moved.filter(({ modifiedAtMs }) => modifiedAtMs === NOW_MS)).toHaveLength(3);
  expect(await chosen([...moved, ...newer])).toBe('t2');
});

describe('several timelines under one name', () => {
  /** Of each timeline the cluster id; the later one was written to later, and goes less far. */
  const storeOf = async (
    ids: Readonly<Record<string, string | undefined>>,
    from: Readonly<Record<string, string>> = {},
  ) => {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-places-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const store = new LocalStore(folder);
    for (const [index, [timeline, clusterId]] of Object.entries(ids).entries()) {
      const followed = from[clusterId ?? ''];
      const follows = followed === undefined ? {} : { follows: { timeline: 'any', clusterId: followed } };
      const owner = { clusterName: 'prod', timeline, ...follows };
      if (clusterId !== undefined) await claimPlace(store, { ...owner, clusterId }, 'm1');
      for (const { key, bytes } of full(`c${index}`, 1000 - 100 * index, NOW_MS)) {
        await store.put(`prod/${timeline}/${key}`, Buffer.alloc(bytes));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { store, folder };
  };

  test('the newest one is meant where all are of one cluster, and the others are told', async () => {
    const { store } = await storeOf({ t1: 'aaa', t2: 'aaa' });
    for (const oneCluster of [true, false]) {
      expect(await chooseOwnedPlace(store, {}, { oneCluster })).toMatchObject({
        place: { timeline: 't2', clusterId: 'aaa', lastRevision: 900n },
        others: [{ timeline: 't1', clusterId: 'aaa', lastRevision: 1000n }],
      });
    }
  });

  test('the newest one is meant where it was restored from the others', async () => {
    const { store } = await storeOf({ t1: 'aaa', t2: 'bbb', t3: 'bbb', t4: 'ccc' }, { bbb: 'aaa', ccc: 'bbb' });
    const { place, others } = await chooseOwnedPlace(store, {}, { oneCluster: true });
    expect([place, ...others].map(({ timeline }) => timeline)).toEqual(['t4', 't3', 't2', 't1']);
  });

  test('a person chooses where the cluster that another one was restored from still lives, or both come from a third one', async () => {
    const { store } = await storeOf({ t1: 'aaa', t2: 'bbb' }, { bbb: 'aaa' });
    const chosen = () => chooseOwnedPlace(store, {}, { oneCluster: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const later = full('later', 2000, NOW_MS);
    for (const { key } of later) await store.put(`prod/t1/${key}`, Buffer.from('x'));
    await expect(chosen()).rejects.toMatchObject({ code: 'PLACE_AMBIGUOUS' });
    // Also when the restored one is the newest again.
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const { key } of later) await store.put(`prod/t2/${key}`, Buffer.from('x'));
    await expect(chosen()).rejects.toMatchObject({ code: 'PLACE_AMBIGUOUS' });
    const { store: siblings } = await storeOf({ t1: 'aaa', t2: 'bbb', t3: 'ccc' }, { bbb: 'aaa', ccc: 'aaa' });
    const refused = chooseOwnedPlace(siblings, {}, { oneCluster: true });
    await expect(refused).rejects.toMatchObject({ code: 'PLACE_AMBIGUOUS' });
  });

  test('an empty cluster that took the name of the dead one is not restored in its place', async () => {
    const { store } = await storeOf({ t1: 'dead', t2: 'empty' });
    const refusal = await chooseOwnedPlace(store, {}, { oneCluster: true }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'PLACE_AMBIGUOUS', remedy: expect.stringContaining('--timeline') });
    expect(String(refusal)).toMatch(
      /t2, cluster id empty, last revision 900, last written 2.+\n.+t1, cluster id dead, last revision 1000, last written 2/,
    );
    expect(await chooseOwnedPlace(store, {}, { oneCluster: false })).toMatchObject({ place: { timeline: 't2' } });
    expect(await chooseOwnedPlace(store, { timeline: 't1' }, { oneCluster: true })).toMatchObject({
      place: { timeline: 't1' },
      others: [],
    });
  });

  test.each(['missing', 'unreadable'])('a claim that is %s says of nobody that it is the same', async (how) => {
    const { store, folder } = await storeOf({ t1: undefined, t2: how === 'missing' ? 'aaa' : undefined });
    if (how === 'unreadable') {
      for (const timeline of ['t1', 't2']) await writeFile(join(folder, 'prod', timeline, 'claim.json'), 'x');
    }
    await expect(chooseOwnedPlace(store, {}, { oneCluster: true })).rejects.toMatchObject({ code: 'PLACE_AMBIGUOUS' });
    expect((await chooseOwnedPlace(store, {}, { oneCluster: false })).others).toHaveLength(1);
  });
});

test('of a cluster that is named only what is below its name is listed', async () => {
  const asked: string[] = [];
  const inner = listing([...older, ...newer]);
  const store = alteredStore(inner, {
    list: (prefix: string) => {
      asked.push(prefix);
      return inner.list(prefix);
    },
  });
  await chooseOwnedPlace(store, { cluster: 'prod', timeline: 't1' }, { oneCluster: true });
  expect(asked).toEqual(['prod/']);
  const unknown = chooseOwnedPlace(store, { cluster: 'dev' }, { oneCluster: true });
  await expect(unknown).rejects.toMatchObject({
    code: 'PLACE_UNKNOWN',
    remedy: expect.stringContaining('prod/t2'),
  });
});

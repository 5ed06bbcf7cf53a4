import { expect, test } from 'vitest';
import { choosePlace, findPlaces } from '../../src/backup/places.ts';
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

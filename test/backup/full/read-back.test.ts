import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBack } from '../../../src/backup/full/read-back.ts';
import { takeFull } from '../../../src/backup/full/take-full.ts';
import { type FullFixture, startFixture } from './full-fixture.ts';

let fixture: FullFixture;
beforeAll(async () => {
  fixture = await startFixture({}, 2);
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(path, bytes);
}

test('what was put is read back, and a flipped bit, a cut and a missing object are found', async () => {
  const store = fixture.newStore();
  const { outcomes } = await takeFull({ ...fixture.options, destinations: [{ store }] });
  const [put] = outcomes;
  if (put === undefined || 'error' in put) throw new Error('it did not succeed');
  await readBack(store, put);
  const pathOf = (key: string): string => fileURLToPath(`${store.url}/${key}`);
  const object = pathOf(put.manifest.object);
  for (const at of [0, put.manifest.stored.bytes - 1]) {
    await flip(object, at);
    await expect(readBack(store, put)).rejects.toMatchObject({ code: 'STORE_DAMAGED', key: put.manifest.object });
    await flip(object, at);
  }
  await flip(pathOf(put.key), 30);
  await expect(readBack(store, put)).rejects.toMatchObject({ code: 'STORE_DAMAGED', key: put.key });
  await flip(pathOf(put.key), 30);
  await readBack(store, put);
  await truncate(object, put.manifest.stored.bytes - 1);
  await expect(readBack(store, put)).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  await rm(object);
  await expect(readBack(store, put)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
});

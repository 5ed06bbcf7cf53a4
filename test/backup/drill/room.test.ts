import { statfs } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { roomHere, tooLittleRoom } from '../../../src/backup/drill/room.ts';

test('a drill needs twice the database in memory and three times on the disk; where the disk is memory, both there', () => {
  const enough = { memoryBytes: 200, diskBytes: 300 };
  expect(tooLittleRoom(enough, 100)).toEqual([]);
  expect(tooLittleRoom({ ...enough, memoryBytes: 199 }, 100)).toEqual([expect.stringContaining('2 times')]);
  expect(tooLittleRoom({ ...enough, diskBytes: 299 }, 100)).toEqual([expect.stringContaining('3 times')]);
  const inMemory = { memoryBytes: 499, diskBytes: 499, diskIsMemory: true };
  expect(tooLittleRoom(inMemory, 100)).toEqual([expect.stringContaining('5 times the database')]);
  expect(tooLittleRoom({ ...inMemory, memoryBytes: 500 }, 100)).toEqual([]);
});

const sharedMemory = await statfs('/dev/shm').catch(() => undefined);

// Where there is none, there is nothing to look at.
if (sharedMemory?.type === 0x01021994) {
  test('a folder that is memory is known as such', async () => {
    expect((await roomHere('/dev/shm')).diskIsMemory).toBe(true);
  });
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { QuarantineClock } from '../../../src/agent/member/quarantine-clock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-quarantine-clock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('how long a folder was seen adds up over restarts of the agent, whatever the wall clock says', async () => {
  const first = await QuarantineClock.open(folder);
  await first.look(['/a'], 1000);
  await first.look(['/a', '/b'], 61_000);
  expect([first.seenMs('/a'), first.seenMs('/b')]).toEqual([60_000, 0]);
  // Another process, another monotonic clock.
  const second = await QuarantineClock.open(folder);
  await second.look(['/a', '/b'], 5);
  await second.look(['/a'], 1005);
  expect([second.seenMs('/a'), second.seenMs('/b')]).toEqual([61_000, 0]);
});

test('a file that cannot be read makes none go earlier', async () => {
  await writeFile(join(folder, 'quarantine.json'), '{"format":1,"seenMs":{"/a":"long"}}');
  expect((await QuarantineClock.open(folder)).seenMs('/a')).toBe(0);
  await writeFile(join(folder, 'quarantine.json'), '{');
  expect((await QuarantineClock.open(folder)).seenMs('/a')).toBe(0);
});

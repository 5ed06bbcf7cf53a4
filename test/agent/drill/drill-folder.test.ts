import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sweepDrills } from '../../../src/agent/drill/drill-folder.ts';
import { makeOwnedFolder } from '../../../src/backup/restore/owned-folder.ts';
import { loadConfig } from '../../../src/config/load.ts';

const MEMBER = {
  'member.name': 'm1',
  'member.endpoint': 'http://127.0.0.1:25000',
  'member.dataDir': '/var/lib/etcd',
  'cluster.name': 'prod',
};
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'caretaker-sweep-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('an agent that begins removes what drills that were killed had left, and says so; a drill under way keeps its folder', async () => {
  const own = basename(await makeOwnedFolder(dir, 'drill-'));
  const [machine, pid] = own.slice('drill-'.length).split('-');
  // Of a process that had this one's number before it.
  const drill = join(dir, `drill-${machine}-${pid}-0a-abcdef`);
  const scratch = join(tmpdir(), `caretaker-scratch-${machine}-${pid}-0a-abcdef`);
  for (const folder of [drill, scratch]) await mkdir(folder, { recursive: true });
  const told: unknown[] = [];
  const { backup } = (await loadConfig({ env: {}, flags: { ...MEMBER, 'backup.drill.dir': dir } })).config;
  await sweepDrills(backup, (_, fields) => told.push(fields));
  expect(told).toEqual([{ folders: expect.arrayContaining([drill, scratch]) }]);
  expect(await readdir(dir)).toEqual([own]);
  await sweepDrills(backup, (_, fields) => told.push(fields));
  expect(told).toHaveLength(1);
});

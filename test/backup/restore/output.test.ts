import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { putInPlace } from '../../../src/backup/restore/output.ts';

test('where a data dir cannot be put into its place, everything is as it was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-output-'));
  const [dataDir, walDir, made] = ['data', 'wal', 'made'].map((name) => join(folder, name)) as [string, string, string];
  for (const each of [dataDir, walDir, made]) {
    await mkdir(each);
    await writeFile(join(each, 'what'), each);
  }
  const identity = { name: 'm1', initialCluster: '', initialAdvertisePeerUrls: '' };
  const output = { kind: 'data-dirs', dirs: [{ dataDir, walDir, identity }] } as const;
  // The second one is gone by then.
  const missing = join(folder, 'missing');
  await mkdir(missing);
  const pieces = new Map([
    [walDir, made],
    [dataDir, missing],
  ]);
  const how = { quarantine: true, asideAs: 'quarantine-now', refuseInUse: () => rm(missing, { recursive: true }) };
  await expect(putInPlace(pieces, output, how, new AbortController().signal)).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await readdir(folder)).toSorted()).toEqual(['data', 'made', 'wal']);
  for (const each of [dataDir, walDir, made]) expect(await readFile(join(each, 'what'), 'utf8')).toBe(each);
  await rm(folder, { recursive: true });
});

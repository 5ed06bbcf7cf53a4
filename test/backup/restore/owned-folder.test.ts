import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeOwnedFolder, sweepOwnedFolders } from '../../../src/backup/restore/owned-folder.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'caretaker-owned-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

/** One of a process that was killed, with something in it. */
async function left(prefix: string): Promise<string> {
  const module = new URL('../../../src/backup/restore/owned-folder.ts', import.meta.url).href;
  const script = `
    const { makeOwnedFolder } = await import(${JSON.stringify(module)});
    process.stdout.write(await makeOwnedFolder(${JSON.stringify(parent)}, ${JSON.stringify(prefix)}), () => process.kill(process.pid, 'SIGKILL'));
    setInterval(() => undefined, 1000);`;
  const died: unknown = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]).catch(
    (error: unknown) => error,
  );
  const folder = (died as { readonly stdout: string }).stdout;
  await writeFile(join(folder, 'db'), 'decrypted');
  return folder;
}

test('what a process that was killed has left goes, and what is in use stays', async () => {
  const gone = await left('drill-');
  const own = await makeOwnedFolder(parent, 'drill-');
  expect(await sweepOwnedFolders(parent, 'drill-')).toEqual([gone]);
  expect(await readdir(parent)).toEqual([basename(own)]);
  expect(await sweepOwnedFolders(parent, 'drill-')).toEqual([]);
  expect(await sweepOwnedFolders(join(parent, 'none'), 'drill-')).toEqual([]);
});

test('one whose number another process has by now goes; what is of another machine, or has another name, stays', async () => {
  const own = basename(await makeOwnedFolder(parent, 'drill-'));
  const [machine = '', pid = ''] = own.slice('drill-'.length).split('-');
  const foreign = machine === 'ffffff' ? 'eeeeee' : 'ffffff';
  const stay = [`drill-${foreign}-1-abc-xxxxxx`, `other-${machine}-${pid}-abc-xxxxxx`, 'drill-abcdef', 'drill-notes'];
  for (const name of [...stay, `drill-${machine}-${pid}-abc-xxxxxx`]) await mkdir(join(parent, name));
  const elsewhere = await mkdtemp(join(tmpdir(), 'caretaker-elsewhere-'));
  const link = `drill-${machine}-${pid}-abc-linked`;
  await symlink(elsewhere, join(parent, link));
  expect(await sweepOwnedFolders(parent, 'drill-')).toEqual([join(parent, `drill-${machine}-${pid}-abc-xxxxxx`)]);
  expect((await readdir(parent)).toSorted()).toEqual([...stay, own, link].toSorted());
  await rm(elsewhere, { recursive: true });
});

import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EtcdVersions } from '../../src/supervise/etcd-versions.ts';
import { etcdVersion, findBinaries } from '../real/binaries.ts';

const newer = etcdVersion('3.5');
const never = new AbortController().signal;
let folder: string;
let versions: EtcdVersions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-versions-'));
  for (const line of ['3.4', '3.5'] as const) {
    await symlink(dirname(findBinaries(line).etcd), join(folder, `etcd-${etcdVersion(line)}`));
  }
  await symlink(findBinaries('3.4').etcd, join(folder, 'etcd'));
  versions = new EtcdVersions({ member: 'm1', folder, link: join(folder, 'etcd'), env: process.env });
});
afterEach(() => rm(folder, { recursive: true }));

const placed = async (version: string, script: string): Promise<void> => {
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, 'etcd'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, version, 'etcd'), 0o755);
};

test('a version is found in a folder of its name, with or without etcd- before it', async () => {
  expect(await versions.programOf(newer, ['--name=m1'], never)).toBe(join(folder, `etcd-${newer}`, 'etcd'));
  await placed('3.5.77', 'echo etcd Version: 3.5.77');
  expect(await versions.programOf('3.5.77', [], never)).toBe(join(folder, '3.5.77', 'etcd'));
});

test('flags that a version does not know any more are found before anything is done', async () => {
  for (const flag of ['--debug', '--log-output=stderr']) {
    await expect(versions.programOf(newer, ['--name=m1', flag], never)).rejects.toMatchObject({
      code: 'FLAG_REMOVED',
      message: expect.stringContaining(flag.replace(/^-|=.*/g, '')),
    });
  }
  expect(await readdir(folder)).not.toContain('m1.etcd');
});

test.each([
  ['is not there', '3.5.1', undefined, 'VERSION_MISSING'],
  ['is another one', '3.5.2', 'echo etcd Version: 3.5.3', 'VERSION_OTHER'],
  ['does not run', '3.5.4', 'exit 3', 'VERSION_MISSING'],
  ['is no etcd', '3.5.5', 'echo hello', 'VERSION_OTHER'],
])('a version that %s is refused', async (_, version, script, code) => {
  if (script !== undefined) await placed(version, script);
  await expect(versions.programOf(version, [], never)).rejects.toMatchObject({ code, member: 'm1' });
});

test('the link is changed in one go, and nothing else is left beside it', async () => {
  expect(await versions.current()).toBe(findBinaries('3.4').etcd);
  const before = await readdir(folder);
  await versions.pointAt(join(folder, `etcd-${newer}`, 'etcd'));
  expect(await readlink(join(folder, 'etcd'))).toBe(join(folder, `etcd-${newer}`, 'etcd'));
  expect(await versions.current()).toBe(join(folder, `etcd-${newer}`, 'etcd'));
  expect(await readdir(folder)).toEqual(before);
});

test('what was started before is known until it is said that it is not needed, also when the link says nothing of it any more', async () => {
  const program = join(folder, `etcd-${newer}`, 'etcd');
  const older = findBinaries('3.4').etcd;
  const before = await readdir(folder);
  expect(await versions.rememberBefore(newer, program)).toBe(older);
  await versions.pointAt(program);
  const next = new EtcdVersions({ member: 'm1', folder, link: join(folder, 'etcd'), env: {} });
  expect(await next.rememberBefore(newer, program)).toBe(older);
  await next.forgetBefore(newer);
  expect(await next.rememberBefore(newer, program)).toBeUndefined();
  expect(await readdir(folder)).toEqual(before);
});

test('a link whose folder cannot be written is found before anything is done, and trying changes nothing', async () => {
  const before = await readdir(folder);
  await versions.tryLink();
  expect(await readdir(folder)).toEqual(before);
  // The name that would be made is a folder with something in it: as root there is no other way to be refused.
  const aside = join(folder, `etcd.try-${process.pid}`);
  await mkdir(join(aside, 'x'), { recursive: true });
  await expect(versions.tryLink()).rejects.toMatchObject({ code: 'VERSION_LINK_FAILED', member: 'm1' });
});

test('a program that is no link is left as it is', async () => {
  const link = join(folder, 'program');
  await writeFile(link, 'etcd');
  const plain = new EtcdVersions({ member: 'm1', folder, link, env: {} });
  await expect(plain.current()).rejects.toMatchObject({ code: 'VERSION_NO_LINK' });
});

test('without a word in the configuration it is said what to set', async () => {
  const none = new EtcdVersions({ member: 'm1', env: {} });
  await expect(none.current()).rejects.toMatchObject({ code: 'VERSIONS_NOT_CONFIGURED' });
  await expect(none.programOf(newer, [], never)).rejects.toMatchObject({
    code: 'VERSIONS_NOT_CONFIGURED',
    message: expect.stringContaining('supervise.versions.folder'),
  });
});

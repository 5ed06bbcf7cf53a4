import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pathInRoot } from '../../../src/supervise/linux/path-in-root.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'caretaker-root-'));
  await mkdir(join(root, 'mnt', 'etcd'), { recursive: true });
  await mkdir(join(root, 'var', 'lib'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

test.each([
  ['without links', '/mnt/etcd', undefined],
  ['by an absolute link', '/var/lib/etcd', '/mnt/etcd'],
  ['by a relative link', '/var/lib/etcd', '../../mnt/./etcd'],
  ['by a link above the root, which is the root', '/var/lib/etcd', '../../../../../mnt/etcd'],
])('a path of another root leads to a folder in that root, %s', async (_, path, link) => {
  if (link !== undefined) await symlink(link, join(root, path));
  expect(await pathInRoot(root, path)).toBe(join(root, 'mnt', 'etcd'));
});

test('a link to a link is followed, and one to itself is given up', async () => {
  await symlink('/var/lib/second', join(root, 'var', 'lib', 'first'));
  await symlink('../../mnt', join(root, 'var', 'lib', 'second'));
  expect(await pathInRoot(root, '/var/lib/first/etcd')).toBe(join(root, 'mnt', 'etcd'));
  await symlink('/loop', join(root, 'loop'));
  await expect(pathInRoot(root, '/loop/etcd')).rejects.toMatchObject({ code: 'ELOOP' });
});

test('what is not there is said as the file system says it', async () => {
  await expect(pathInRoot(root, '/nowhere/etcd')).rejects.toMatchObject({ code: 'ENOENT' });
});

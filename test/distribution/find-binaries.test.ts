import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBinaries, findEtcd } from '../../src/distribution/find-binaries.ts';

describe("where etcd's executables are found", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-binaries-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const place = async (name: string, ...files: readonly string[]): Promise<string> => {
    await mkdir(join(folder, name), { recursive: true });
    for (const file of files) await writeFile(join(folder, name, file), '');
    return join(folder, name);
  };

  test('in the folder that is given, with etcdctl where there is no etcdutl', async () => {
    const newer = await place('newer', 'etcd', 'etcdctl', 'etcdutl');
    const older = await place('older', 'etcd', 'etcdctl');
    expect(findBinaries({}, newer)).toEqual({ etcd: join(newer, 'etcd'), restorer: join(newer, 'etcdutl') });
    expect(findBinaries({}, older)).toEqual({ etcd: join(older, 'etcd'), restorer: join(older, 'etcdctl') });
  });

  test('on PATH both in one folder, so that their versions belong together', async () => {
    const alone = await place('alone', 'etcd');
    const both = await place('both', 'etcd', 'etcdutl');
    const env = { PATH: `${alone}:${both}` };
    expect(findBinaries(env, undefined, join(folder, 'none')).etcd).toBe(join(both, 'etcd'));
    expect(findEtcd(env, join(folder, 'none'))).toBe(join(alone, 'etcd'));
  });

  test('ETCD_BIN comes before PATH, and the newest of the checkout after it', async () => {
    const named = await place('named', 'etcd', 'etcdctl');
    const tools = await place('tools');
    await place('tools/etcd-3.5.9', 'etcd', 'etcdutl');
    await place('tools/etcd-3.5.30', 'etcd', 'etcdutl');
    expect(findBinaries({ ETCD_BIN: named, PATH: folder }, undefined, tools).etcd).toBe(join(named, 'etcd'));
    expect(findBinaries({ PATH: folder }, undefined, tools).etcd).toBe(join(tools, 'etcd-3.5.30', 'etcd'));
  });

  test('a folder that is named from here is found from anywhere', async () => {
    const named = await place('named', 'etcd', 'etcdutl');
    const fromHere = relative(process.cwd(), named);
    expect(findBinaries({}, fromHere)).toEqual({ etcd: join(named, 'etcd'), restorer: join(named, 'etcdutl') });
    expect(findEtcd({ ETCD_BIN: fromHere }, folder)).toBe(join(named, 'etcd'));
  });

  test('where they are missing it says what, and what to do', async () => {
    const alone = await place('alone', 'etcd');
    const error = { code: 'ETCD_MISSING', remedy: expect.stringContaining('install etcd') };
    expect(() => findBinaries({}, alone)).toThrow(expect.objectContaining(error));
    expect(() => findBinaries({ ETCD_BIN: alone }, undefined, folder)).toThrow(expect.objectContaining(error));
    expect(() => findEtcd({ PATH: '' }, folder)).toThrow(expect.objectContaining(error));
  });
});

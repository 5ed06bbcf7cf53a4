import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../src/cli/compile-cache.ts';

const uid = process.geteuid?.() ?? 0;
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'caretaker-cache-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

describe('the folder of compiled code', () => {
  it('is made below XDG_CACHE_HOME, for nobody but its owner', async () => {
    const base = join(home, 'cache');
    const folder = cacheFolder({ XDG_CACHE_HOME: base }, uid);
    expect(folder).toBe(join(base, 'etcd-caretaker'));
    expect((await stat(folder ?? '')).mode & 0o777).toBe(0o700);
    expect(cacheFolder({ XDG_CACHE_HOME: base }, uid)).toBe(folder);
  });

  it('is none in the home of another user, and nothing is made there', async () => {
    const base = join(home, 'cache');
    expect(cacheFolder({ XDG_CACHE_HOME: base }, uid + 1)).toBeUndefined();
    await expect(stat(base)).rejects.toThrow('ENOENT');
  });

  it('is none where others may write', async () => {
    await mkdir(join(home, 'etcd-caretaker'));
    await chmod(join(home, 'etcd-caretaker'), 0o777);
    expect(cacheFolder({ XDG_CACHE_HOME: home }, uid)).toBeUndefined();
    await chmod(home, 0o777);
    expect(cacheFolder({ XDG_CACHE_HOME: join(home, 'cache') }, uid)).toBeUndefined();
  });

  it('is none where no folder can be made', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/proc/cache' }, uid)).toBeUndefined();
    expect(cacheFolder({ XDG_CACHE_HOME: '/dev/null/cache' }, uid)).toBeUndefined();
  });
});

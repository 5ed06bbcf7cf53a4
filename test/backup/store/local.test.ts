import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { mountSmallFilesystem } from '../../real/small-filesystem.ts';
import { allOf } from './all-of.ts';

let folder: string;
let store: LocalStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-local-'));
  store = new LocalStore(join(folder, 'store'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

/** Everything in the folder, also what is hidden. */
async function files(): Promise<readonly string[]> {
  const entries = await readdir(join(folder, 'store'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('what is put into a folder', () => {
  it('can be read by nobody else', async () => {
    await store.put('full/a/b.bin', Buffer.from('secret'));
    const modes = ['', 'full', 'full/a', 'full/a/b.bin'].map(
      async (path) => (await stat(join(folder, 'store', path))).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o700, 0o700, 0o600]);
  });

  it('is not seen before it is whole', async () => {
    const { promise: hold, resolve: go } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begins } = Promise.withResolvers<void>();
    const slow = async function* () {
      yield Buffer.from('first');
      begins();
      await hold;
      yield Buffer.from('second');
    };
    const putting = store.put('slow', slow());
    await begun;
    expect(await store.head('slow')).toBeUndefined();
    expect(await allOf(store.list(''))).toEqual([]);
    expect(await files()).toHaveLength(1);
    go();
    await putting;
    expect(await files()).toEqual(['slow']);
  });

  it('is one writer’s alone where many put it at the same moment', async () => {
    const puts = Array.from({ length: 20 }, (_, index) =>
      store.put('once', Buffer.from(`writer ${index}`), { ifAbsent: true }),
    );
    const ended = await Promise.allSettled(puts);
    const winners = ended.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(String(Buffer.concat(await allOf(store.get('once'))))).toBe(`writer ${winners[0]}`);
    for (const end of ended) {
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'STORE_EXISTS' });
    }
    expect(await files()).toEqual(['once']);
  });
});

describe('a writer that is killed', () => {
  it('leaves nothing that is seen, and what it left is found once it is old', async () => {
    const writer = spawn(process.execPath, [fileURLToPath(new URL('endless-writer.ts', import.meta.url)), store.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // It says when some of the object is on the disk.
    await once(writer.stdout, 'data');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    expect(await allOf(store.list(''))).toEqual([]);
    const [left = ''] = await files();
    expect(left).toMatch(/^\.endless\.[0-9a-f]{12}\.part$/);
    expect(await store.removeAbandoned(3_600_000)).toBe(0);
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    await utimes(join(folder, 'store', 'full', left), twoHoursAgo, twoHoursAgo);
    expect(await store.removeAbandoned(3_600_000, undefined, 'delta')).toBe(0);
    expect(await store.removeAbandoned(3_600_000, undefined, 'full')).toBe(1);
    expect(await files()).toEqual([]);
  });

  it('is told from one that this process still is, and from files of others', async () => {
    const { promise: hold, resolve: go } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begins } = Promise.withResolvers<void>();
    const slow = async function* () {
      yield Buffer.from('first');
      begins();
      await hold;
    };
    const putting = store.put('slow', slow());
    await begun;
    const old = new Date(Date.now() - 86_400_000);
    await writeFile(join(folder, 'store', '.bash_history'), 'x');
    await writeFile(join(folder, 'store', 'notes.part'), 'x');
    for (const name of await files()) await utimes(join(folder, 'store', name), old, old);
    expect(await store.removeAbandoned(1000)).toBe(0);
    go();
    await putting;
    expect((await files()).toSorted()).toEqual(['.bash_history', 'notes.part', 'slow']);
  });
});

describe('a folder that cannot be written', () => {
  it('says that it is full, keeps nothing of what did not fit, and takes more once there is room', async () => {
    await using small = mountSmallFilesystem(4 * 2 ** 20);
    const full = new LocalStore(join(small.path, 'store'));
    await full.put('before', Buffer.alloc(1000, 1));
    small.fill();
    const much = async function* () {
      for (let piece = 0; piece < 64; piece += 1) yield Buffer.alloc(2 ** 16, 2);
    };
    await expect(full.put('too-much', much())).rejects.toMatchObject({
      code: 'STORE_FULL',
      key: 'too-much',
      message: expect.stringContaining('ENOSPC'),
      remedy: expect.stringContaining('retention'),
    });
    expect((await allOf(full.list(''))).map(({ key }) => key)).toEqual(['before']);
    expect(await readdir(join(small.path, 'store'))).toEqual(['before']);
    small.empty();
    expect(await full.put('too-much', Buffer.alloc(2 ** 20))).toEqual({ bytes: 2 ** 20 });
  });

  it('says that it is read-only, for all that writes', async () => {
    await using small = mountSmallFilesystem(2 ** 20);
    const readOnly = new LocalStore(small.path);
    await readOnly.put('there', Buffer.from('x'));
    execFileSync('mount', ['-o', 'remount,ro', small.path]);
    const denied = { code: 'STORE_DENIED', message: expect.stringContaining('EROFS') };
    await expect(readOnly.put('new', Buffer.from('x'))).rejects.toMatchObject(denied);
    await expect(readOnly.put('in/a/folder', Buffer.from('x'))).rejects.toMatchObject(denied);
    await expect(readOnly.remove('there')).rejects.toMatchObject(denied);
    expect(String(Buffer.concat(await allOf(readOnly.get('there'))))).toBe('x');
  });

  it('says that others own it', async () => {
    await mkdir(join(folder, 'store'));
    await chmod(join(folder, 'store'), 0o500);
    // Root may everything, so somebody else asks.
    const nobody = 65_534;
    await chmod(folder, 0o755);
    const text = execFileSync(
      process.execPath,
      [fileURLToPath(new URL('denied-writer.ts', import.meta.url)), store.url, String(nobody)],
      { encoding: 'utf8' },
    );
    expect(text.trim()).toBe('STORE_DENIED');
  });
});

describe('a folder', () => {
  it('is left by no link that somebody has put there', async () => {
    await writeFile(join(folder, 'outside'), 'secret');
    await mkdir(join(folder, 'store'));
    await symlink(join(folder, 'outside'), join(folder, 'store', 'link'));
    await expect(allOf(store.get('link'))).rejects.toMatchObject({ name: 'StoreError' });
    expect(await allOf(store.list(''))).toEqual([]);
    await store.put('link', Buffer.from('new'));
    expect(await allOf(new LocalStore(folder).get('outside'))).toEqual([Buffer.from('secret')]);
  });

  it('that is not there is an empty store', async () => {
    expect(await allOf(store.list(''))).toEqual([]);
    expect(await store.head('a/b')).toBeUndefined();
    await store.remove('a/b');
    expect(await store.removeAbandoned(0)).toBe(0);
  });

  it('that is a file is refused in words', async () => {
    await writeFile(join(folder, 'store'), 'x');
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining(store.url),
    });
    expect(await store.head('a')).toBeUndefined();
  });
});

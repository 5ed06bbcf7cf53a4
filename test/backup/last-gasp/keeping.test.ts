import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataDirGasp } from '../../../src/backup/last-gasp/data-dir-source.ts';
import { databaseFileGasp } from '../../../src/backup/last-gasp/database-file-source.ts';
import { beginGasp, ownGasps, sweepParts } from '../../../src/backup/last-gasp/folder.ts';
import { writeKept } from '../../../src/backup/last-gasp/kept-file.ts';
import type { GaspSource } from '../../../src/backup/last-gasp/source.ts';
import { type GaspPlace, takeGasp } from '../../../src/backup/last-gasp/take.ts';
import { whileUnchanged } from '../../../src/backup/last-gasp/unchanged.ts';
import { mountSmallFilesystem } from '../../real/small-filesystem.ts';
import { checkedManifest } from './gasp-files.ts';

const never = new AbortController().signal;
const mebibyte = 2 ** 20;

/** A member with something in it; what is told again is the same state. */
function source(state: string, { bytes = 1000, memberId = 'a1', clusterId = 'c1' } = {}): GaspSource {
  return {
    kind: 'snapshot',
    preview: async () => ({ bytes, fingerprint: state, memberId, clusterId }),
    copyInto: async (folder, signal) => ({
      files: [
        { path: 'snapshot.db', ...(await writeKept(join(folder, 'snapshot.db'), Buffer.alloc(bytes, 1), signal)) },
      ],
    }),
  };
}

describe('what is kept', () => {
  let folder: string;
  let place: GaspPlace;
  const owner = { clusterName: 'test', member: 'm1' };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-kept-'));
    place = { dir: join(folder, 'gasps'), owner, keep: 2 };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is the newest two of the own member, and whatever else lies there', async () => {
    const other = { ...place, owner: { clusterName: 'test', member: 'm2' } };
    const alike = { ...place, owner: { clusterName: 'another', member: 'm1' } };
    const before = await takeGasp(source('x', { memberId: 'replaced' }), place, never);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const others = [await takeGasp(source('1'), other, never), await takeGasp(source('1'), alike, never)];
    await writeFile(join(place.dir, 'notes.txt'), 'of a person');
    const taken = [];
    for (const state of ['1', '2', '3', '4']) {
      taken.push(await takeGasp(source(state), place, never));
      // The newest is told by its time.
      for (const endedAtMs = Date.now(); Date.now() === endedAtMs; ) await new Promise(setImmediate);
    }
    expect(taken.map(({ removed }) => removed.length)).toEqual([0, 0, 1, 1]);
    expect(taken[3]?.removed).toEqual([taken[1]?.gasp.path]);
    const left = [before, ...others, ...taken.slice(2)].map(({ gasp }) => gasp.path);
    expect((await readdir(place.dir)).map((name) => join(place.dir, name)).sort()).toEqual(
      [...left, join(place.dir, 'notes.txt')].sort(),
    );
    expect((await ownGasps(place.dir, owner)).map(({ path }) => path)).toEqual(
      [taken[3], taken[2], before].map((each) => each?.gasp.path),
    );
  });

  it('is never taken away where it is not known whose it is', async () => {
    for (const state of ['1', '2', '3']) {
      const { preview, ...rest } = source(state);
      const unknown: GaspSource = {
        ...rest,
        preview: async (signal) => {
          const { memberId: _, clusterId: __, ...left } = await preview(signal);
          return left;
        },
      };
      expect((await takeGasp(unknown, place, never)).removed).toEqual([]);
    }
    expect(await readdir(place.dir)).toHaveLength(3);
  });

  it('is not taken twice of the same state', async () => {
    const first = await takeGasp(source('same'), place, never);
    const second = await takeGasp(source('same'), place, never);
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(second.gasp).toEqual(first.gasp);
    expect(await readdir(place.dir)).toHaveLength(1);
  });

  it('is nothing where less than 1.2 times its size is free, and all of it where that is', async () => {
    await using disk = mountSmallFilesystem(24 * mebibyte);
    const there = { ...place, dir: join(disk.path, 'not/there/yet') };
    await expect(takeGasp(source('1', { bytes: 20.1 * mebibyte }), there, never)).rejects.toMatchObject({
      code: 'LAST_GASP_NO_ROOM',
      message: expect.stringMatching(/^2\d\.\d+ MiB are free under .*needs 1\.2 times its size\.$/),
    });
    expect(await readdir(disk.path)).toEqual([]);
    const { gasp } = await takeGasp(source('1', { bytes: 18 * mebibyte }), there, never);
    await checkedManifest(gasp.path);
  });

  it('is nothing when the disk fills up meanwhile', async () => {
    await using disk = mountSmallFilesystem(8 * mebibyte);
    const filling: GaspSource = {
      ...source('1'),
      copyInto: async (part, signal) => {
        disk.fill();
        return await source('1', { bytes: mebibyte }).copyInto(part, signal);
      },
    };
    const there = { ...place, dir: join(disk.path, 'gasps') };
    await expect(takeGasp(filling, there, never)).rejects.toMatchObject({ code: 'LAST_GASP_NO_ROOM' });
    expect(await readdir(there.dir)).toEqual([]);
  });

  it('is nothing where it may not be written, and that is said', async () => {
    await writeFile(place.dir, 'a file');
    await expect(takeGasp(source('1'), place, never)).rejects.toMatchObject({
      code: 'LAST_GASP_FAILED',
      message: expect.stringContaining(`could not be kept in ${place.dir}`),
    });
  });

  it('is nothing when its source breaks off, or the agent ends', async () => {
    const broken: GaspSource = {
      ...source('1'),
      copyInto: async (part) => {
        await writeFile(join(part, 'snapshot.db'), 'half');
        throw new Error('broken off');
      },
    };
    await expect(takeGasp(broken, place, never)).rejects.toThrow('broken off');
    const ended = AbortSignal.abort(new Error('the agent ends'));
    await expect(takeGasp(source('1'), place, ended)).rejects.toThrow('the agent ends');
    expect(await readdir(place.dir)).toEqual([]);
  });

  it('is nothing of an agent that is killed half way; the next one takes away what it left, and no more', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('killed-child.ts', import.meta.url)), place.dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const other = await beginGasp(place.dir, { clusterName: 'test', member: 'm2' }, Date.now());
    expect(await readdir(place.dir)).toHaveLength(2);
    expect(await ownGasps(place.dir, owner)).toEqual([]);
    expect(await sweepParts(place.dir, owner)).toBe(1);
    expect((await readdir(place.dir)).map((name) => join(place.dir, name))).toEqual([other.part]);
    expect(await sweepParts(place.dir, owner)).toBe(0);
  });
});

describe('what is copied of files', () => {
  let folder: string;
  const longAgo = new Date(Date.now() - 3_600_000);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-copied-'));
    for (const [path, content] of [
      ['member/snap/db', 'no database'],
      ['member/snap/0001.snap', 'raft'],
      ['elsewhere/0.wal', 'entries'],
      ['elsewhere/1.tmp', 'prepared'],
    ] as const) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), content);
      await utimes(join(folder, path), longAgo, longAgo);
    }
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const place = (): GaspPlace => ({
    dir: join(folder, 'gasps'),
    owner: { clusterName: 'test', member: 'm1' },
    keep: 2,
  });
  const stopped = () => ({ dataDir: folder, walDir: join(folder, 'elsewhere'), refuseLocked: async () => undefined });

  it('is a whole data dir, with a WAL from another device; one whose database cannot be read is kept all the same', async () => {
    const { gasp } = await takeGasp(dataDirGasp(stopped()), place(), never);
    const manifest = await checkedManifest(gasp.path);
    expect((manifest['files'] as { path: string }[]).map(({ path }) => path)).toEqual([
      'data/member/snap/0001.snap',
      'data/member/snap/db',
      'data/member/wal/0.wal',
    ]);
    expect(manifest).toMatchObject({ contentUnread: expect.stringContaining('it has no meta page that is whole') });
    expect(gasp).not.toHaveProperty('revision');
  });

  it('is thrown away where somebody writes meanwhile, adds a file, or has just written', async () => {
    const db = join(folder, 'member/snap/db');
    const changes = [
      () => appendFile(db, 'more'),
      () => writeFile(join(folder, 'elsewhere/2.wal'), 'more'),
      () => utimes(db, longAgo, new Date(Date.now() - 1_800_000)),
    ];
    const wal = join(folder, 'elsewhere');
    const files = async () => [db, ...(await readdir(wal)).map((name) => join(wal, name))];
    for (const change of changes) {
      await expect(whileUnchanged(files, change)).rejects.toMatchObject({ code: 'LAST_GASP_SOURCE_CHANGED' });
      await utimes(db, longAgo, longAgo);
      await rm(join(wal, '2.wal'), { force: true });
    }
    await expect(whileUnchanged(files, async () => 'done')).resolves.toBe('done');
    await utimes(db, new Date(), new Date());
    await expect(takeGasp(databaseFileGasp({ member: 'm1', dataDir: folder }), place(), never)).rejects.toMatchObject({
      code: 'LAST_GASP_SOURCE_CHANGED',
    });
  });

  it('is no database that cannot be read, where the member runs', async () => {
    await expect(takeGasp(databaseFileGasp({ member: 'm1', dataDir: folder }), place(), never)).rejects.toMatchObject({
      code: 'SNAPSHOT_UNREADABLE',
    });
    expect(await readdir(place().dir)).toEqual([]);
  });
});

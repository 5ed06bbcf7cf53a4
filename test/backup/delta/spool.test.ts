import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeSegment } from '../../../src/backup/delta/segment.ts';
import { encodeSegment } from '../../../src/backup/delta/segment-writer.ts';
import { Spool } from '../../../src/backup/delta/spool.ts';
import { startAfter } from '../../../src/backup/delta/start-after.ts';
import { mountSmallFilesystem } from '../../real/small-filesystem.ts';
import { all, putAt, someFacts } from './segments.ts';

const segment = (from: bigint, to: bigint, value = 'v') =>
  encodeSegment(
    someFacts(from, to),
    Array.from({ length: Number(to - from) + 1 }, (_, index) => putAt(from + BigInt(index), 'k', value)),
  );

describe('the spool', () => {
  let folder: string;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'caretaker-spool-')), 'spool');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

  const open = (maxBytes = 1e6) => Spool.open({ folder, maxBytes });
  const ranges = ({ pieces }: Spool): string[] => pieces.map(({ from, to }) => `${from}-${to}`);

  test('a piece that is gone before whoever asked for it has begun to read harms nobody', async () => {
    const spool = await open();
    const piece = await spool.append(await segment(5n, 7n));
    await spool.release(7n);
    const thrown: unknown[] = [];
    const listen = (error: unknown): void => void thrown.push(error);
    // The runner's own listeners would end the run before anything can be said.
    const runners = process.rawListeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', listen);
    try {
      await spool.read(piece)[Symbol.asyncIterator]().return?.();
      await sleep(50);
    } finally {
      process.off('uncaughtException', listen);
      for (const runner of runners) process.on('uncaughtException', runner as NodeJS.UncaughtExceptionListener);
    }
    expect(thrown).toEqual([]);
    await expect(all(spool.read(piece))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('holds after any death what had been made durable, and nothing of what had not', async () => {
    const before = await open();
    await before.append(await segment(5n, 7n));
    await before.append(await segment(8n, 8n));
    const { object } = await segment(9n, 9n);
    const [file = ''] = await readdir(folder);
    await writeFile(join(folder, `${file}.tmp`), object.subarray(0, 50));
    const after = await open();
    expect(ranges(after)).toEqual(['5-7', '8-8']);
    expect(after.bytes).toBe(before.bytes);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const [piece] = after.pieces;
    if (piece === undefined) throw new Error('there is no piece');
    const { records } = await decodeSegment(after.read(piece), { key: piece.name });
    expect(await all(records)).toEqual([putAt(5n, 'k', 'v'), putAt(6n, 'k', 'v'), putAt(7n, 'k', 'v')]);
  });

  test('puts aside what is damaged, and the capture goes on from before it', async () => {
    const before = await open();
    for (const [from, to] of [
      [5n, 7n],
      [8n, 9n],
      [10n, 12n],
    ] as const)
      await before.append(await segment(from, to));
    const path = join(folder, before.pieces[1]?.name ?? '');
    const object = await readFile(path);
    object[100] = (object[100] ?? 0) ^ 4;
    await writeFile(path, object);
    const after = await open();
    expect(ranges(after)).toEqual(['5-7', '10-12']);
    expect(after.putAside).toEqual([`${path}.damaged`]);
    expect(await readFile(`${path}.damaged`)).toEqual(object);
    expect(startAfter(after, [{ storedRevision: 4n }])).toBe(7n);
    await after.append(await segment(8n, 9n));
    expect(after.reach(4n)).toBe(12n);
  });

  test('takes no more than it may, but one piece however large', async () => {
    const { object } = await segment(5n, 5n);
    const spool = await open(object.length - 1);
    await spool.append(await segment(5n, 5n));
    await expect(spool.append(await segment(6n, 6n))).rejects.toMatchObject({ code: 'SPOOL_FULL' });
    await spool.release(5n);
    expect([spool.bytes, await readdir(folder)]).toEqual([0, []]);
    await spool.append(await segment(6n, 6n));
    expect(ranges(spool)).toEqual(['6-6']);
  });

  test('keeps what goes beyond what is stored', async () => {
    const spool = await open();
    await spool.append(await segment(5n, 9n));
    await spool.release(8n);
    expect(ranges(spool)).toEqual(['5-9']);
  });

  test('on a disk that is full is full, leaves nothing half done, and takes the same again later', async () => {
    await using disk = mountSmallFilesystem(256 * 1024);
    const spool = await Spool.open({ folder: join(disk.path, 'spool'), maxBytes: 1e9 });
    await spool.append(await segment(5n, 5n));
    disk.fill();
    const next = await segment(6n, 6n);
    await expect(spool.append(next)).rejects.toMatchObject({ code: 'SPOOL_FULL' });
    expect(ranges(spool)).toEqual(['5-5']);
    expect(await readdir(join(disk.path, 'spool'))).toHaveLength(1);
    disk.empty();
    await spool.append(next);
    expect(ranges(await Spool.open({ folder: join(disk.path, 'spool'), maxBytes: 1e9 }))).toEqual(['5-5', '6-6']);
  });

  test('in a folder that cannot be used says which', async () => {
    await writeFile(folder, 'a file');
    await expect(open()).rejects.toMatchObject({ code: 'SPOOL_FAILED', message: expect.stringContaining(folder) });
  });

  test('is private to its user', async () => {
    const spool = await open();
    const { name } = await spool.append(await segment(5n, 5n));
    expect([(await stat(join(folder, name))).mode & 0o777, (await stat(folder)).mode & 0o777]).toEqual([0o600, 0o700]);
  });
});

describe('where the capture goes on', () => {
  const spooled = (...ranges: readonly (readonly [bigint, bigint])[]): Pick<Spool, 'reach' | 'pieces'> => ({
    pieces: ranges.map(([from, to]) => ({ from, to, bytes: 1, startedAtMs: 0, name: '' })),
    reach: (revision) =>
      ranges.reduce((reached, [from, to]) => (from <= reached + 1n && to > reached ? to : reached), revision),
  });

  test('is behind what the spool and the store have together', () => {
    expect(startAfter(spooled([11n, 20n]), [{ storedRevision: 15n }])).toBe(20n);
    expect(startAfter(spooled([11n, 20n]), [{ storedRevision: 30n }])).toBe(30n);
    expect(startAfter(spooled(), [{ storedRevision: 15n }])).toBe(15n);
  });

  test('is where the store that lacks most needs it', () => {
    expect(startAfter(spooled([11n, 20n]), [{ storedRevision: 30n }, { storedRevision: 12n }])).toBe(20n);
    expect(startAfter(spooled([11n, 20n]), [{ storedRevision: 30n }, { storedRevision: 5n }])).toBe(5n);
  });

  test('is as early as can be where a store does not answer and nothing is spooled', () => {
    expect(startAfter(spooled(), [{ storedRevision: 30n }, undefined])).toBe('earliest');
    expect(startAfter(spooled([11n, 20n]), [undefined])).toBe(20n);
  });

  test('is now where there is no history', () => {
    expect(startAfter(spooled(), [{}])).toBe('live');
    expect(startAfter(spooled([11n, 20n]), [{}])).toBe(20n);
    expect(startAfter(spooled(), [{}, { storedRevision: 7n }])).toBe(7n);
  });
});

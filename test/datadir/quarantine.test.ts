import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectDataDir } from '../../src/datadir/inspect.ts';
import { quarantine } from '../../src/datadir/quarantine.ts';
import { listQuarantine, releaseQuarantine } from '../../src/datadir/quarantine-list.ts';
import { mountSmallFilesystem } from '../real/small-filesystem.ts';
import { startsOn, stoppedMember } from './stopped-member.ts';

const { signal } = new AbortController();
const NOW_MS = Date.UTC(2026, 10, 30, 8, 15, 30);
const HOUR_MS = 3_600_000;
const STAMP = '20261130T081530Z-wal-corrupt';
const RECORD = 'etcd-caretaker-quarantine.json';

let folder: string;
let dataDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-quarantine-'));
  dataDir = join(folder, 'etcd');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Something that stands for the data of a member. */
async function fill(path: string, what = 'data'): Promise<void> {
  await mkdir(join(path, 'member/snap'), { recursive: true });
  await writeFile(join(path, 'member/snap/db'), Buffer.alloc(100_000, what));
}
const recordIn = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(path, RECORD), 'utf8'));
const namesOf = async (path: string) => (await readdir(path)).toSorted();

describe('data that are put into quarantine', () => {
  it('lie beside the data dir, and say why, since when and whose they are', async () => {
    await using stopped = await stoppedMember('3.5', { writes: 1 });
    const places = { dataDir: stopped.dataDir };
    const moved = await quarantine(places, 'wal-corrupt', NOW_MS, signal);
    const path = `${stopped.dataDir}.quarantine-${STAMP}`;
    expect(moved).toMatchObject({ paths: [path], unrecorded: [] });
    const { clusterId, memberId } = stopped.said;
    const bytes = moved?.bytes;
    expect(await recordIn(path)).toEqual({
      format: 1,
      reason: 'wal-corrupt',
      at: '2026-11-30T08:15:30.000Z',
      from: stopped.dataDir,
      bytes,
      clusterId,
      memberId,
    });
    expect(await inspectDataDir({ dataDir: path }, signal, { depth: 'full' })).toMatchObject({ state: 'intact' });
    expect(await inspectDataDir(places, signal, { depth: 'full' })).toEqual({ state: 'empty' });
    expect(await listQuarantine(places, signal)).toEqual([{ path, reason: 'wal-corrupt', atMs: NOW_MS, bytes }]);
    expect(await quarantine(places, 'wal-corrupt', NOW_MS, signal)).toBeUndefined();
  });

  it('take a WAL with them that is elsewhere', async () => {
    await fill(dataDir);
    const walDir = join(folder, 'fast');
    await mkdir(walDir);
    await writeFile(join(walDir, '0000000000000000-0000000000000000.wal'), '');
    const places = { dataDir, walDir };
    const moved = await quarantine(places, 'replaced', NOW_MS, signal);
    expect(moved?.paths).toEqual([walDir, dataDir].map((path) => `${path}.quarantine-20261130T081530Z-replaced`));
    expect((await listQuarantine(places, signal)).map(({ path }) => path).toSorted()).toEqual(moved?.paths.toSorted());
  });

  it('take the folder of such a WAL as a whole: etcd would remove whatever else lies in it', async () => {
    const walDir = join(folder, 'wal');
    const fillWal = async (): Promise<void> => {
      await mkdir(walDir, { recursive: true });
      for (const name of ['0-0.wal', 'notes.txt']) await writeFile(join(walDir, name), 'x');
    };
    await fillWal();
    await quarantine({ dataDir, walDir }, 'wal-corrupt', NOW_MS, signal);
    expect(await namesOf(folder)).toEqual([`wal.quarantine-${STAMP}`]);
    await mkdir(walDir);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', walDir]);
    try {
      await fillWal();
      const failure = { code: 'QUARANTINE_FAILED', message: expect.stringContaining('mount point') };
      await expect(quarantine({ dataDir, walDir }, 'again', NOW_MS, signal)).rejects.toMatchObject(failure);
      expect(await namesOf(walDir)).toEqual(['0-0.wal', 'notes.txt']);
    } finally {
      execFileSync('umount', [walDir]);
    }
  });

  it("leave an empty folder of the same owner, who may not be the agent's", async () => {
    await fill(dataDir);
    await chmod(dataDir, 0o700);
    await chown(dataDir, 4711, 4712);
    await quarantine({ dataDir }, 'recover', NOW_MS, signal);
    expect(await readdir(dataDir)).toEqual([]);
    expect(await lstat(dataDir)).toMatchObject({ uid: 4711, gid: 4712, mode: 0o40700 });
    expect(await inspectDataDir({ dataDir }, signal, { depth: 'quick' })).toEqual({ state: 'empty' });
  });

  it('two at one time have names of their own', async () => {
    for (const what of ['first', 'second']) {
      await fill(dataDir, what);
      await quarantine({ dataDir }, 'replaced', NOW_MS, signal);
    }
    expect(await namesOf(folder)).toEqual([30, 31].map((second) => `etcd.quarantine-20261130T0815${second}Z-replaced`));
  });

  it('need no space on a full disk', async () => {
    await using small = mountSmallFilesystem(8 * 2 ** 20);
    const places = { dataDir: join(small.path, 'etcd') };
    await fill(places.dataDir);
    small.fill();
    const moved = await quarantine(places, 'disk-full', NOW_MS, signal);
    expect(moved?.unrecorded).toEqual([expect.stringContaining('ENOSPC')]);
    expect(await inspectDataDir(places, signal, { depth: 'quick' })).toEqual({ state: 'empty' });
    // It can be released all the same: that is what such a disk needs.
    const [listed] = await listQuarantine(places, signal);
    expect(listed).toMatchObject({ reason: 'disk-full', atMs: NOW_MS, path: moved?.paths[0] });
    const options = { nowMs: NOW_MS, keepMs: HOUR_MS, seenMs: () => 0, shortBytes: 1 };
    expect(await releaseQuarantine(places, options, signal)).toEqual([listed]);
  });

  it('get the record that they lack when it is done again', async () => {
    await fill(dataDir);
    await rename(dataDir, `${dataDir}.quarantine-${STAMP}`);
    expect(await listQuarantine({ dataDir }, signal)).toEqual([]);
    expect(await quarantine({ dataDir }, 'wal-corrupt', NOW_MS, signal)).toBeUndefined();
    expect(await listQuarantine({ dataDir }, signal)).toMatchObject([{ reason: 'wal-corrupt', atMs: NOW_MS }]);
  });

  it('are refused a reason that is no word', async () => {
    await fill(dataDir);
    for (const reason of ['', '../x', 'a b', 'A']) {
      await expect(quarantine({ dataDir }, reason, NOW_MS, signal)).rejects.toMatchObject({
        code: 'QUARANTINE_REASON',
      });
    }
    expect(await namesOf(folder)).toEqual(['etcd']);
  });
});

describe('a data dir that has to stay where it is', () => {
  const inside = `quarantine-${STAMP}`;

  it('keeps a folder with the data, with which etcd starts anew', async () => {
    await using stopped = await stoppedMember('3.5', { writes: 1 });
    const target = await stopped.copy();
    await mkdir(dataDir);
    execFileSync('mount', ['--bind', target, dataDir]);
    try {
      await quarantine({ dataDir }, 'wal-corrupt', NOW_MS, signal);
      expect(await namesOf(dataDir)).toEqual([inside]);
      expect(await namesOf(join(dataDir, inside))).toEqual([RECORD, 'member']);
      expect(await startsOn(stopped.cluster.binaries.etcd, dataDir)).toEqual({ served: true, keys: 0 });
      await quarantine({ dataDir }, 'again', NOW_MS + HOUR_MS, signal);
      expect((await listQuarantine({ dataDir }, signal)).map(({ reason }) => reason)).toEqual(['wal-corrupt', 'again']);
    } finally {
      execFileSync('umount', ['--lazy', dataDir]);
    }
  });

  it('is a link: the data stay on their disk', async () => {
    const disk = join(folder, 'disk');
    await fill(disk);
    await symlink(disk, dataDir);
    await quarantine({ dataDir }, 'wal-corrupt', NOW_MS, signal);
    expect(await namesOf(disk)).toEqual([inside]);
    expect(await namesOf(folder)).toEqual(['disk', 'etcd']);
  });

  it("has something of somebody else's in it, which is left alone", async () => {
    await fill(dataDir);
    await writeFile(join(dataDir, 'notes.txt'), 'mine');
    await quarantine({ dataDir }, 'wal-corrupt', NOW_MS, signal);
    expect(await namesOf(dataDir)).toEqual(['notes.txt', inside]);
  });
});

describe('what is released from quarantine', () => {
  const at = async (hour: number, reason: string): Promise<void> => {
    await fill(dataDir);
    await quarantine({ dataDir }, reason, NOW_MS + hour * HOUR_MS, signal);
  };
  const release = async (hour: number, shortBytes = 0, seenHours = hour) => {
    const seenMs = (): number => seenHours * HOUR_MS;
    const options = { nowMs: NOW_MS + hour * HOUR_MS, keepMs: 72 * HOUR_MS, seenMs, shortBytes };
    return (await releaseQuarantine({ dataDir }, options, signal)).map(({ reason }) => reason);
  };

  it('is nothing that the agent has not seen for as long, whatever the wall clock says', async () => {
    await at(0, 'wal-corrupt');
    expect(await release(500, 0, 1)).toEqual([]);
    expect(await release(500, 0, 72)).toEqual(['wal-corrupt']);
  });

  it('is what was kept for long enough', async () => {
    await at(0, 'first');
    await at(1, 'second');
    expect(await release(71)).toEqual([]);
    expect(await release(72)).toEqual(['first']);
    expect(await namesOf(folder)).toEqual(['etcd.quarantine-20261130T091530Z-second']);
  });

  it('is the oldest, as many as the disk needs', async () => {
    for (const hour of [2, 0, 1]) await at(hour, `hour-${hour}`);
    expect(await release(3, 150_000)).toEqual(['hour-0', 'hour-1']);
    expect(await release(3)).toEqual([]);
  });

  it('is nothing that has another name, no record, or is a link', async () => {
    await fill(dataDir);
    const kept = ['etcd.bak', 'etcd.quarantine-by-hand', `etcd.quarantine-${STAMP}`, `etcd2.quarantine-${STAMP}`];
    for (const name of kept) await fill(join(folder, name));
    for (const name of kept) if (name !== kept[2]) await writeFile(join(folder, name, RECORD), '{}');
    await symlink(join(folder, 'etcd.bak'), join(folder, 'etcd.quarantine-20261130T081530Z-linked'));
    const before = await namesOf(folder);
    expect(await release(1000, 1e9)).toEqual([]);
    expect(await namesOf(folder)).toEqual(before);
  });

  it('ends at links, and what they lead to stays', async () => {
    await at(0, 'linked');
    const [path = ''] = (await listQuarantine({ dataDir }, signal)).map((one) => one.path);
    const elsewhere = join(folder, 'elsewhere');
    await fill(elsewhere);
    await symlink(elsewhere, join(path, 'member/link'));
    expect(await release(72)).toEqual(['linked']);
    expect(await namesOf(folder)).toEqual(['elsewhere']);
    expect(await namesOf(join(elsewhere, 'member/snap'))).toEqual(['db']);
  });

  it('is nothing in which something is mounted', async () => {
    await at(0, 'mounted');
    const [path = ''] = (await listQuarantine({ dataDir }, signal)).map((one) => one.path);
    const point = join(path, 'member/mounted');
    await mkdir(point);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', point]);
    try {
      expect(await release(72)).toEqual([]);
      expect(await namesOf(dirname(point))).toEqual(['mounted', 'snap']);
    } finally {
      execFileSync('umount', [point]);
    }
  });
});

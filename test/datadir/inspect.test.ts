import { appendFile, mkdir, mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectDataDir } from '../../src/datadir/inspect.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { startCluster } from '../real/cluster.ts';
import { type StoppedMember, startsOn, stoppedMember } from './stopped-member.ts';

const { signal } = new AbortController();
const DEPTHS = ['quick', 'full'] as const;
const PAGE_BYTES = 4096;
const FIRST_FILE = 'member/wal/0000000000000000-0000000000000000.wal';

const full = (dataDir: string) => inspectDataDir({ dataDir }, signal, { depth: 'full' });

describe.each(['3.4', '3.5'] as const)('a data dir of etcd %s', (version) => {
  it('says what its member said before it was killed', async () => {
    await using stopped = await stoppedMember(version);
    const { raftIndex, ...ids } = stopped.said;
    for (const depth of DEPTHS) {
      const state = await inspectDataDir({ dataDir: stopped.dataDir }, signal, { depth });
      expect(state).toMatchObject({ state: 'intact', ...ids, lastTerm: ids.raftTerm, lastIndex: raftIndex });
    }
  });

  it('is read on from its newest snapshot, over several files, and while etcd writes to it', async () => {
    await using cluster = await startCluster({ version, extraArgs: ['--snapshot-count', '20'] });
    const [member] = cluster.members;
    if (member === undefined) throw new Error('there is no member');
    const client = new MemberClient({ member: 'm1', endpoint: member.endpoint });
    const ending = new AbortController();
    // 64 MB are one file.
    const writing = (async () => {
      for (let index = 0; !ending.signal.aborted; index += 1) {
        await client.put(Buffer.from(`key/${index % 20}`), Buffer.alloc(1_200_000, `${index} `));
      }
    })().catch(() => undefined);
    const files = async () =>
      (await readdir(join(member.dataDir, 'member/wal'))).filter((name) => name.endsWith('.wal'));
    const seen: string[] = [];
    for (let index = 0; (await files()).length < 2; index += 1) {
      const state = await inspectDataDir({ dataDir: member.dataDir }, signal, { depth: DEPTHS[index % 2] ?? 'full' });
      seen.push('problem' in state ? state.problem : state.state);
    }
    // In the middle of a write.
    await member.kill();
    ending.abort();
    await writing;
    client.close();
    expect(new Set(seen)).toEqual(new Set(['intact']));
    const [quick, whole] = await Promise.all(
      DEPTHS.map((depth) => inspectDataDir({ dataDir: member.dataDir }, signal, { depth })),
    );
    expect(whole).toMatchObject({ state: 'intact' });
    expect(quick).toEqual(whole);
    expect((await readdir(join(member.dataDir, 'member/snap'))).some((name) => name.endsWith('.snap'))).toBe(true);
    await member.start();
  });
});

describe('what is wrong with a data dir', () => {
  let stopped: StoppedMember;
  beforeAll(async () => {
    stopped = await stoppedMember('3.5');
  });
  afterAll(async () => {
    await stopped[Symbol.asyncDispose]();
  });

  it.each([
    ['zeros behind half a record', 0],
    ['the end of the file', 1],
  ])('nothing, where the last record ends in %s: etcd cuts it off', async (_, shorter) => {
    const dataDir = await stopped.copy();
    const path = join(dataDir, FIRST_FILE);
    const before = await full(dataDir);
    await truncate(path, await endOfLog(path));
    const frame = Buffer.alloc(2048, 1);
    frame.writeBigUInt64LE(4096n);
    await appendFile(path, frame);
    if (shorter === 0) await truncate(path, 1_000_000);
    expect(await full(dataDir)).toEqual(before);
    expect(await startsOn(stopped.cluster.binaries.etcd, dataDir)).toMatchObject({ served: true, keys: 40 });
  });

  it('a WAL that lost what the database has applied', async () => {
    const dataDir = await stopped.copy();
    await startsOn(stopped.cluster.binaries.etcd, dataDir);
    // Etcd itself takes it for a log that ends here.
    await truncate(join(dataDir, FIRST_FILE), 1000);
    for (const depth of DEPTHS) {
      const state = await inspectDataDir({ dataDir }, signal, { depth });
      expect(state).toMatchObject({ state: 'corrupt', part: 'wal', ...idsOf(stopped) });
    }
  });

  it('a database that is cut off, or overwritten in the middle', async () => {
    const [cut, overwritten] = [await stopped.copy(), await stopped.copy()];
    await truncate(join(cut, 'member/snap/db'), 3 * PAGE_BYTES);
    expect(await inspectDataDir({ dataDir: cut }, signal, { depth: 'quick' })).toMatchObject({
      state: 'corrupt',
      part: 'database',
      problem: expect.stringMatching(/^The database has 12288 bytes of the \d+ that it should have\.$/),
      ...idsOf(stopped),
    });
    await using file = await open(join(overwritten, 'member/snap/db'), 'r+');
    const { size } = await file.stat();
    for (let at = 2 * PAGE_BYTES; at < size; at += PAGE_BYTES)
      await file.write(Buffer.alloc(PAGE_BYTES, 7), 0, PAGE_BYTES, at);
    expect(await full(overwritten)).toMatchObject({ state: 'corrupt', part: 'database' });
  });

  it('a database without its WAL, and a WAL without its database', async () => {
    const [withoutWal, withoutDatabase] = [await stopped.copy(), await stopped.copy()];
    await startsOn(stopped.cluster.binaries.etcd, withoutWal);
    await rm(join(withoutWal, 'member/wal'), { recursive: true });
    await rm(join(withoutDatabase, 'member/snap/db'));
    expect(await full(withoutWal)).toMatchObject({ state: 'corrupt', part: 'layout' });
    expect(await full(withoutDatabase)).toMatchObject({ state: 'corrupt', part: 'layout', ...idsOf(stopped) });
  });

  it('nobody can tell, where it cannot be read', async () => {
    const dataDir = await stopped.copy();
    await rm(join(dataDir, 'member'), { recursive: true });
    await writeFile(join(dataDir, 'member'), '');
    expect(await full(dataDir)).toMatchObject({ state: 'unreadable', problem: expect.stringContaining('ENOTDIR') });
  });
});

describe('an empty data dir', () => {
  it('is one that is not there, or has nothing of a member in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-datadir-'));
    try {
      expect(await full(join(folder, 'nowhere'))).toEqual({ state: 'empty' });
      await mkdir(join(folder, 'lost+found'));
      expect(await full(folder)).toEqual({ state: 'empty' });
      await mkdir(join(folder, 'member'));
      expect(await full(folder)).toEqual({ state: 'empty' });
      await mkdir(join(folder, 'member/snap'));
      await mkdir(join(folder, 'member/wal.tmp'));
      expect(await full(folder)).toEqual({ state: 'empty' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const idsOf = ({ said: { clusterId, memberId } }: StoppedMember) => ({ clusterId, memberId });

/** Up to where a file of a WAL was written. */
async function endOfLog(path: string): Promise<number> {
  await using file = await open(path, 'r');
  const head = Buffer.alloc(8);
  for (let at = 0; ; ) {
    await file.read(head, 0, 8, at);
    if (head.readBigUInt64LE() === 0n) return at;
    const pad = head.readUInt8(7) >= 0x80 ? head.readUInt8(7) & 7 : 0;
    at += 8 + head.readUIntLE(0, 6) + pad;
  }
}

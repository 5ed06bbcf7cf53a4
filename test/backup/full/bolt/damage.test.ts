import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ContentReader, type SnapshotContent } from '../../../../src/backup/full/bolt/content.ts';
import { MemberClient } from '../../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../../real/cluster.ts';

const PAGE_BYTES = 4096;
const LARGE_BYTES = 1_200_000;
const LARGE = Buffer.alloc(LARGE_BYTES, 0xa5);

function contentOf(file: Buffer): SnapshotContent {
  const reader = new ContentReader();
  for (let at = 0; at < file.length; at += 32 * 1024) reader.write(file.subarray(at, at + 32 * 1024));
  return reader.end();
}

describe('a file that is not as etcd writes it', () => {
  let cluster: RealCluster;
  let file: Buffer;
  let content: SnapshotContent;

  beforeAll(async () => {
    cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    for (let i = 0; i < 40; i += 1) {
      const changes = Array.from({ length: 100 }, (_, k) => ({
        put: Buffer.from(`a/${i}/${k}`),
        value: Buffer.alloc(100, 1),
      }));
      await client.txn({ compare: [], changes });
    }
    await client.put(Buffer.from('large'), LARGE);
    await client.put(Buffer.from('last'), Buffer.from('x'));
    client.close();
    const path = join(cluster.folder, 'a.snap');
    await cluster.etcdctl('snapshot', 'save', path);
    file = (await readFile(path)).subarray(0, -32);
    content = contentOf(file);
  });
  afterAll(() => cluster.close());

  test('what is in values is not taken for pages, even if it looks like them', () => {
    const hostile = Buffer.from(file);
    const from = Math.ceil(hostile.indexOf(LARGE) / PAGE_BYTES);
    const pages = Math.floor(LARGE_BYTES / PAGE_BYTES) - 1;
    expect(from).toBeGreaterThan(0);
    for (let i = 0; i < pages; i += 1) {
      const at = (from + i) * PAGE_BYTES;
      hostile.writeBigUInt64LE(BigInt(from + i), at);
      hostile.writeUInt16LE(i % 2 === 0 ? 2 : 1, at + 8);
      hostile.writeUInt16LE([0, 3, 200, 0xffff][i % 4] ?? 0, at + 10);
      hostile.writeUInt32LE([0, 1, 100, 0xffffffff][Math.floor(i / 4) % 4] ?? 0, at + 12);
    }
    expect(contentOf(hostile)).toEqual(content);
  });

  test('a page that claims those behind it does not hide them', () => {
    // As if an old one with an overflow had stood there, and newer ones behind it.
    const claiming = Buffer.from(file);
    const free = firstFreePage();
    claiming.fill(0, free * PAGE_BYTES, (free + 1) * PAGE_BYTES);
    claiming.writeBigUInt64LE(BigInt(free), free * PAGE_BYTES);
    claiming.writeUInt16LE(2, free * PAGE_BYTES + 8);
    claiming.writeUInt32LE(file.length / PAGE_BYTES - free - 1, free * PAGE_BYTES + 12);
    expect(contentOf(claiming)).toEqual(content);
  });

  test('every page that counts is missed when it is damaged, and no other', () => {
    let missed = 0;
    for (let page = 2; page < file.length / PAGE_BYTES; page += 7) {
      const damaged = Buffer.from(file);
      damaged.fill(0, page * PAGE_BYTES, page * PAGE_BYTES + 16);
      try {
        expect(contentOf(damaged)).toEqual(content);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SNAPSHOT_UNREADABLE' });
        missed += 1;
      }
    }
    expect(missed).toBeGreaterThan(10);
  });

  test('one meta page suffices, and none is an error', () => {
    for (const [first, second] of [
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const torn = Buffer.from(file);
      if (first) torn.writeUInt8(torn.readUInt8(60) ^ 1, 60);
      if (second) torn.writeUInt8(torn.readUInt8(PAGE_BYTES + 60) ^ 1, PAGE_BYTES + 60);
      if (first && second) expect(() => contentOf(torn)).toThrow('no meta page');
      else expect(contentOf(torn)).toEqual(content);
    }
  });

  test.each([0, 1, 4096, 60_000, 200_000, 1_000_000])('a file of only %i bytes is an error', (bytes) => {
    expect(() => contentOf(file.subarray(0, bytes))).toThrow(expect.objectContaining({ code: 'SNAPSHOT_UNREADABLE' }));
  });

  test('something else than a database is an error', () => {
    expect(() => contentOf(Buffer.alloc(300_000, 'no'))).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_UNREADABLE' }),
    );
  });

  test('the database of a member that is stopped says the same', async () => {
    const [member] = cluster.members;
    await member?.stop();
    const database = await readFile(join(member?.dataDir ?? '', 'member', 'snap', 'db'));
    const { consistentIndex, ...others } = contentOf(database);
    expect(content).toMatchObject(others);
    expect(consistentIndex).toBeGreaterThanOrEqual(content.consistentIndex ?? 0n);
  });

  /** The first one without which everything is as it was. */
  function firstFreePage(): number {
    for (let page = 2; ; page += 1) {
      const without = Buffer.from(file);
      without.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      try {
        contentOf(without);
        return page;
      } catch {
        // It counts.
      }
    }
  }
});

import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseFile } from '../../../../src/backup/full/bolt/database-file.ts';
import { visitKeyEntries } from '../../../../src/backup/full/bolt/key-entries.ts';
import { HEAD_BYTES, newestMeta } from '../../../../src/datadir/bolt/page.ts';
import { MemberClient } from '../../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../../real/cluster.ts';

const never = new AbortController().signal;

describe('the entries of a snapshot in a file', () => {
  let cluster: RealCluster;
  let file: Buffer;
  const lived: string[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    for (let n = 0; n < 30; n += 1) {
      // Values of one byte and of many pages.
      const changes = Array.from({ length: 100 }, (_, k) => ({
        put: Buffer.from(`/k/${k}/${'x'.repeat(n)}`),
        value: Buffer.alloc(k === 50 ? 70_000 : k, n),
      }));
      const { revision } = await client.txn({ compare: [], changes });
      for (const { put, value } of changes) lived.push(`${revision} ${put} ${value.length}`);
    }
    const { header } = await client.deleteRange(Buffer.from('/k/7/'));
    lived.push(`${header.revision} /k/7/ deleted`);
    client.close();
    const path = join(cluster.folder, 'a.snap');
    await cluster.etcdctl('snapshot', 'save', path);
    file = await readFile(path);
  });
  afterAll(() => cluster.close());

  const entries = async (bytes: Buffer, upTo = 10_000n, signal = never): Promise<readonly string[]> => {
    const path = join(cluster.folder, 'visited.snap');
    await writeFile(path, bytes);
    const fd = openSync(path, 'r');
    const found: string[] = [];
    try {
      await visitKeyEntries(
        new DatabaseFile(fd),
        upTo,
        ({ revision, deleted, key, kv }) => found.push(`${revision} ${key} ${deleted ? 'deleted' : kv().value.length}`),
        signal,
      );
    } finally {
      closeSync(fd);
    }
    return found;
  };

  test('all of them, in the order in which they were written', async () => {
    expect(await entries(file)).toEqual(lived);
  });

  test('up to a revision, and no further', async () => {
    expect(await entries(file, 11n)).toEqual(lived.slice(0, 1000));
  });

  test('who gives up is heard', async () => {
    await expect(entries(file, 10_000n, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  test('a file that was cut off, has a page in a circle, or is none ends with an error', async () => {
    await expect(entries(file.subarray(0, 40_000))).rejects.toThrow('it ends before byte');
    await expect(entries(Buffer.alloc(100_000))).rejects.toThrow('no meta page');
    await expect(entries(withCircle(file))).rejects.toThrow('in a circle');
  });
});

/** Every branch page has itself as its first child. */
function withCircle(file: Buffer): Buffer {
  const circle = Buffer.from(file);
  const pageBytes = newestMeta(file.subarray(0, HEAD_BYTES))?.pageBytes ?? 4096;
  for (let page = 0; (page + 1) * pageBytes <= file.length; page += 1) {
    const at = page * pageBytes;
    const isBranch = circle.readBigUInt64LE(at) === BigInt(page) && circle.readUInt16LE(at + 8) === 1;
    if (isBranch) circle.writeBigUInt64LE(BigInt(page), at + 24);
  }
  return circle;
}

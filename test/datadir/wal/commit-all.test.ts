import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectDataDir } from '../../../src/datadir/inspect.ts';
import { commitWal } from '../../../src/datadir/wal/commit-all.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import { startCluster } from '../../real/cluster.ts';

const never = new AbortController().signal;

describe.each<EtcdLine>(['3.4', '3.5'])('the WAL of a member that was killed, etcd %s', (version) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-wal-'));
    await using cluster = await startCluster({ version });
    const [member] = cluster.members;
    if (member === undefined) throw new Error('no member');
    const client = new MemberClient({ member: 'm1', endpoint: member.endpoint });
    for (let index = 0; index < 20; index += 1) await client.put(Buffer.from(`/${index}`), Buffer.from('value'));
    client.close();
    await member.kill();
    await cp(member.dataDir, join(folder, 'killed'), { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const looked = async (dataDir: string) => {
    const found = await inspectDataDir({ dataDir }, never, { depth: 'full' });
    if (found.state !== 'intact') throw new Error(`it is ${found.state}`);
    return found;
  };
  const copy = async (name: string): Promise<{ readonly dataDir: string; readonly walDir: string }> => {
    const dataDir = join(folder, name);
    await cp(join(folder, 'killed'), dataDir, { recursive: true });
    return { dataDir, walDir: join(dataDir, 'member/wal') };
  };

  test('is committed to its end, and nothing else in it is another', async () => {
    const { dataDir, walDir } = await copy('committed');
    // A member alone commits at once; as one of several it hears of it with the next message.
    await commitWal(walDir, { ...(await looked(dataDir)), lastIndex: (await looked(dataDir)).lastIndex - 3n });
    const before = await looked(dataDir);
    expect(before.commitIndex).toBe(before.lastIndex - 3n);
    await commitWal(walDir, before);
    expect(await looked(dataDir)).toEqual({ ...before, commitIndex: before.lastIndex });
    // Once more does no harm.
    await commitWal(walDir, before);
    expect(await looked(dataDir)).toEqual({ ...before, commitIndex: before.lastIndex });
  });

  test('that ends in the middle of a record is committed up to the record before', async () => {
    const { dataDir, walDir } = await copy('torn');
    const [name = ''] = (await readdir(walDir)).filter((each) => each.endsWith('.wal'));
    const file = join(walDir, name);
    await truncate(file, endOf(await readFile(file)) - 12);
    const before = await looked(dataDir);
    await commitWal(walDir, before);
    expect((await looked(dataDir)).commitIndex).toBe(before.lastIndex);
  });

  test('that is none is refused', async () => {
    const { walDir } = await copy('none');
    for (const name of await readdir(walDir)) await writeFile(join(walDir, name), 'no records');
    await expect(commitWal(walDir, { raftTerm: 1n, lastIndex: 1n })).rejects.toMatchObject({ code: 'WAL_UNREADABLE' });
  });
});

/** Where the records end: etcd fills the rest of the file with zeros ahead. */
function endOf(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}

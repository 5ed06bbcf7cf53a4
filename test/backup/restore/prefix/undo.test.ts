import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { carryOut } from '../../../../src/backup/restore/prefix/carry-out.ts';
import { differences } from '../../../../src/backup/restore/prefix/difference.ts';
import { readKeys } from '../../../../src/backup/restore/prefix/read-keys.ts';
import { subtreeOf } from '../../../../src/backup/restore/prefix/subtree.ts';
import { Tally } from '../../../../src/backup/restore/prefix/tally.ts';
import { undoRestore } from '../../../../src/backup/restore/prefix/undo.ts';
import { checkUndoPath } from '../../../../src/backup/restore/prefix/undo-file.ts';
import { EtcdError } from '../../../../src/etcd/errors.ts';
import { MemberClient } from '../../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../../real/cluster.ts';
import { revisionOf, valuesBelow } from './live.ts';

const never = new AbortController().signal;
const subtree = subtreeOf(Buffer.from('/k/'), { literal: false });

describe('undoing a restore', () => {
  let cluster: RealCluster;
  let client: MemberClient;
  let clusterId: string;
  let folder: string;
  let file: string;
  let then: bigint;

  beforeAll(async () => {
    cluster = await startCluster();
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    ({ clusterId } = (await client.range({ key: Buffer.from('x') })).header);
  });
  afterAll(async () => {
    client.close();
    await cluster.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-undo-'));
    file = join(folder, 'undo.jsonl');
    await client.deleteRange(Buffer.from('/k/'), Buffer.from('/k0'));
    await write({ '/k/changed': 'then', '/k/gone': 'then', '/k/\\': 'then' });
    then = await revisionOf(client);
    await write({ '/k/changed': 'now', '/k/extra': 'now', '/k/\\': 'now' });
    await client.deleteRange(Buffer.from('/k/gone'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const now = { '/k/\\x5c': 'now', '/k/changed': 'now', '/k/extra': 'now' };
  const write = async (values: Readonly<Record<string, string>>): Promise<void> => {
    for (const [key, value] of Object.entries(values)) await client.put(Buffer.from(key), Buffer.from(value));
  };
  const restore = async (through: Pick<MemberClient, 'txn' | 'range'> = client) => {
    const tally = new Tally(10);
    const found = differences(
      readKeys({ client, ranges: subtree.ranges, revision: then }, never),
      readKeys({ client, ranges: subtree.ranges }, never),
      { deleteExtra: true, withLeased: false },
    );
    const leaseFor = async () => undefined;
    await carryOut(found, { client: through, leaseFor, clusterId, subtree, tally, apply: { undoFile: file } }, never);
    return tally.writes();
  };
  const undo = (apply = true) =>
    undoRestore(
      {
        ...{ file, live: client, ownPrefix: '/etcd-caretaker/', maxListed: 10 },
        ...(apply ? { apply: { undoFile: join(folder, 'undo-of-undo.jsonl') } } : {}),
      },
      never,
    );

  test('brings back exactly what it replaced, and undoing that restores it again', async () => {
    expect(await restore()).toMatchObject({ written: 4, unwritten: 0 });
    const restored = { '/k/\\x5c': 'then', '/k/changed': 'then', '/k/gone': 'then' };
    expect(await valuesBelow(client, '/k/')).toEqual(restored);
    expect((await undo(false)).writes).toBeUndefined();
    expect(await valuesBelow(client, '/k/')).toEqual(restored);
    expect((await undo()).writes).toMatchObject({ written: 4, unwritten: 0 });
    expect(await valuesBelow(client, '/k/')).toEqual(now);
    file = join(folder, 'undo-of-undo.jsonl');
    const again = { file, live: client, ownPrefix: '/etcd-caretaker/', maxListed: 10 };
    await undoRestore({ ...again, apply: { undoFile: join(folder, 'third.jsonl') } }, never);
    expect(await valuesBelow(client, '/k/')).toEqual(restored);
  });

  test('a second time changes nothing', async () => {
    await restore();
    await undo();
    await rm(join(folder, 'undo-of-undo.jsonl'));
    const revision = await revisionOf(client);
    expect(await undo()).toMatchObject({ differences: { equalKeys: 4 }, writes: { written: 0 } });
    expect(await revisionOf(client)).toBe(revision);
  });

  test('what somebody has written since stays, also where it is the value that the restore wrote', async () => {
    await restore();
    await write({ '/k/changed': 'then', '/k/extra': 'theirs' });
    await client.deleteRange(Buffer.from('/k/gone'));
    const { differences: found, writes } = await undo();
    expect(found.counts['changed-since'].keys).toBe(2);
    expect(found.equalKeys).toBe(1);
    expect(writes).toMatchObject({ written: 1 });
    expect(await valuesBelow(client, '/k/')).toEqual({
      ...{ '/k/\\x5c': 'now', '/k/changed': 'then', '/k/extra': 'theirs' },
    });
  });

  test('where nobody knows whether the last transaction was made, the keys tell', async () => {
    for (const isMade of [true, false]) {
      await rm(file, { force: true });
      const dying: Pick<MemberClient, 'txn' | 'range'> = {
        range: (...args) => client.range(...args),
        txn: async (...args) => {
          if (isMade) await client.txn(...args);
          throw new EtcdError('ETCD_CORRUPT', 'killed');
        },
      };
      await expect(restore(dying)).rejects.toMatchObject({
        code: 'ETCD_CORRUPT',
        message: expect.stringContaining('0 keys'),
      });
      await rm(join(folder, 'undo-of-undo.jsonl'), { force: true });
      expect((await undo()).writes).toMatchObject({ written: isMade ? 4 : 0, unwritten: 0 });
      expect(await valuesBelow(client, '/k/')).toEqual(now);
    }
  });

  test('what was in conflict when it was restored is not touched', async () => {
    let isFirst = true;
    const late: Pick<MemberClient, 'txn' | 'range'> = {
      range: (...args) => client.range(...args),
      txn: async (...args) => {
        if (isFirst) await write({ '/k/changed': 'theirs', '/k/gone': 'then' });
        isFirst = false;
        return await client.txn(...args);
      },
    };
    expect(await restore(late)).toMatchObject({ written: 2, equal: 1, unwritten: 1 });
    await undo();
    expect(await valuesBelow(client, '/k/')).toEqual({ ...now, '/k/changed': 'theirs', '/k/gone': 'then' });
  });

  test('a key that was under a lease comes back under it, as long as it lives', async () => {
    const { id } = await client.grantLease(600);
    const lease = { put: Buffer.from('/k/changed'), value: Buffer.from('now'), lease: id };
    await client.txn({ compare: [], changes: [lease, { ...lease, put: Buffer.from('/k/extra') }] });
    const tally = new Tally(10);
    const found = differences(
      readKeys({ client, ranges: subtree.ranges, revision: then }, never),
      readKeys({ client, ranges: subtree.ranges }, never),
      { deleteExtra: true, withLeased: true },
    );
    const options = { client, leaseFor: async () => undefined, clusterId, subtree, tally };
    await carryOut(found, { ...options, apply: { undoFile: file } }, never);
    await undo();
    const { kvs } = await client.range({ key: Buffer.from('/k/changed') });
    expect(kvs[0]).toMatchObject({ value: Buffer.from('now'), lease: id });
    await carryOut(
      differences(
        readKeys({ client, ranges: subtree.ranges, revision: then }, never),
        readKeys({ client, ranges: subtree.ranges }, never),
        { deleteExtra: true, withLeased: true },
      ),
      { ...options, tally: new Tally(10), apply: { undoFile: join(folder, 'second.jsonl') } },
      never,
    );
    await client.revokeLease(id);
    file = join(folder, 'second.jsonl');
    await rm(join(folder, 'undo-of-undo.jsonl'));
    expect((await undo()).writes?.listed.map(({ result }) => result)).toEqual(['lease-gone', 'lease-gone']);
  });

  test('its file is for its owner only, and a line that was cut off counts for nothing', async () => {
    await restore();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const whole = await readFile(file);
    await appendFile(file, '{"key":"L2svbmV2ZXI=","befo');
    expect((await undo(false)).differences.counts['put-back'].keys).toBe(1);
    // Without the line that tells what became of them.
    await truncate(file, whole.lastIndexOf('{"revisions"') + 5);
    expect((await undo()).writes).toMatchObject({ written: 4 });
  });

  test('another file, and one of another cluster, are refused', async () => {
    await restore();
    const text = await readFile(file, 'utf8');
    const refused = async (content: string, code: string): Promise<void> => {
      await writeFile(file, content);
      await expect(undo()).rejects.toMatchObject({ code });
    };
    await refused('', 'UNDO_FILE_INVALID');
    await refused('not of ours\n', 'UNDO_FILE_INVALID');
    await refused(text.replace('"version":1', '"version":2'), 'UNDO_FILE_INVALID');
    await refused(text.replace(/"clusterId":"\w+"/, '"clusterId":"abc"'), 'OTHER_CLUSTER');
    await refused(text.replace(/"prefix":"[^"]+"/, '"prefix":"L290aGVyLw=="'), 'UNDO_FILE_INVALID');
    await refused(text.replace(/"prefix":"[^"]+"/, '"prefix":""'), 'USAGE');
    await refused(text.replace('"revisions":[', '"revisions":["1",'), 'UNDO_FILE_INVALID');
    expect(await valuesBelow(client, '/k/')).toMatchObject({ '/k/gone': 'then' });
  });

  test('a file that is there is not overwritten, and without one nothing is written', async () => {
    await writeFile(file, 'mine');
    await expect(restore()).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    await expect(checkUndoPath(file)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    await expect(checkUndoPath(join(folder, 'none', 'undo'))).rejects.toMatchObject({ code: 'ENOENT' });
    file = join(folder, 'none', 'undo');
    await expect(restore()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await valuesBelow(client, '/k/')).toEqual(now);
  });
});

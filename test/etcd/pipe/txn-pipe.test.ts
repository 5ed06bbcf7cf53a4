import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { TxnPipe } from '../../../src/etcd/pipe/txn-pipe.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { forwardSocket } from './forward-socket.ts';

const never = new AbortController().signal;

describe.each<EtcdLine>(['3.4', '3.5'])('transactions one behind the other, etcd %s', (version) => {
  let folder: string;
  let cluster: RealCluster;
  let client: MemberClient;
  let socket: Awaited<ReturnType<typeof forwardSocket>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-pipe-'));
    cluster = await startCluster({
      version,
      extraArgs: ['--max-request-bytes', '200000000', '--max-txn-ops', '100000'],
    });
    const endpoint = cluster.endpoints[0] ?? '';
    client = new MemberClient({ member: 'm1', endpoint, maxMessageBytes: 200_000_000, callTimeoutMs: 60_000 });
    socket = await forwardSocket(join(folder, 's'), Number(new URL(endpoint).port));
  });
  afterAll(async () => {
    client.close();
    await socket.close();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (signal = never) => TxnPipe.open({ client, socketPath: socket.path }, signal);

  test('all of a thousand at once are made, each in a revision of its own', async () => {
    using pipe = await open();
    const replies = await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        pipe.txn({ compare: [], changes: [{ put: Buffer.from(`/many/${i}`), value: Buffer.alloc(i, i) }] }),
      ),
    );
    const revisions = replies.map(({ revision }) => Number(revision)).sort((a, b) => a - b);
    const [first = 0] = revisions;
    expect(revisions).toEqual(Array.from({ length: 1000 }, (_, i) => first + i));
    const { kvs } = await client.range({ key: Buffer.from('/many/999') });
    expect(kvs[0]?.value).toEqual(Buffer.alloc(999, 999));
  });

  test('messages larger than any window arrive whole, among small ones', async () => {
    using pipe = await open();
    const sizes = [10, 3_000_000, 20, 70_000, 40_000_000, 65_530, 5];
    const replies = await Promise.all(
      sizes.map((bytes, i) =>
        pipe.txn({ compare: [], changes: [{ put: Buffer.from(`/large/${i}`), value: Buffer.alloc(bytes, i + 1) }] }),
      ),
    );
    expect(replies.every(({ succeeded }) => succeeded)).toBe(true);
    for (const [i, bytes] of sizes.entries()) {
      const { kvs } = await client.range({ key: Buffer.from(`/large/${i}`) });
      expect(kvs[0]?.value.equals(Buffer.alloc(bytes, i + 1))).toBe(true);
    }
  });

  test('a transaction of 50,000 changes is one revision', async () => {
    using pipe = await open();
    const changes = Array.from({ length: 50_000 }, (_, i) => ({
      put: Buffer.from(`/wide/${i}`),
      value: Buffer.from('v'),
    }));
    const before = await pipe.txn({ compare: [], changes: [{ put: Buffer.from('/x'), value: Buffer.from('1') }] });
    const { revision } = await pipe.txn({ compare: [], changes });
    expect(revision).toBe(before.revision + 1n);
    const gone = await pipe.txn({ compare: [], changes: changes.map(({ put }) => ({ delete: put })) });
    expect(gone.revision).toBe(revision + 1n);
  });

  test('a condition that does not hold is told, and nothing is changed', async () => {
    using pipe = await open();
    const reply = await pipe.txn({
      compare: [{ key: Buffer.from('/none'), modRevision: 5n }],
      changes: [{ put: Buffer.from('/none'), value: Buffer.from('v') }],
    });
    expect(reply.succeeded).toBe(false);
    expect((await client.range({ key: Buffer.from('/none') })).count).toBe(0);
  });

  test('why etcd refuses one is in the error, and the next one is made', async () => {
    using pipe = await open();
    const change = { put: Buffer.from('/leased'), value: Buffer.from('v') };
    await expect(pipe.txn({ compare: [], changes: [{ ...change, lease: 123n }] })).rejects.toThrow('lease not found');
    expect((await pipe.txn({ compare: [], changes: [change] })).succeeded).toBe(true);
  });

  test('who gives up hears its own reason', async () => {
    const giveUp = new AbortController();
    using pipe = await open(giveUp.signal);
    const [member] = cluster.members;
    member?.pause();
    const waiting = pipe.txn({ compare: [], changes: [{ put: Buffer.from('/x'), value: Buffer.from('1') }] });
    giveUp.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    member?.resume();
  });

  test('where nobody listens it says so', async () => {
    const opening = TxnPipe.open({ client, socketPath: join(folder, 'nobody') }, never);
    await expect(opening).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
  });
});

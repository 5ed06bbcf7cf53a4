import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { batchesOf } from '../../../../src/backup/restore/prefix/batches.ts';
import { GuardedWriter } from '../../../../src/backup/restore/prefix/guarded-writer.ts';
import type { KeyChange } from '../../../../src/backup/restore/prefix/key-change.ts';
import { EtcdError } from '../../../../src/etcd/errors.ts';
import { MemberClient } from '../../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../../real/cluster.ts';
import { allOf } from '../../store/all-of.ts';
import { revisionOf, valuesBelow } from './live.ts';

const never = new AbortController().signal;
const patience = { forMs: 20_000 };

describe('changes that are guarded', () => {
  let cluster: RealCluster;
  let client: MemberClient;

  beforeAll(async () => {
    cluster = await startCluster({ extraArgs: ['--max-txn-ops', '10'] });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  });
  afterAll(async () => {
    client.close();
    await cluster.close();
  });
  beforeEach(() => client.deleteRange(Buffer.from('/k/'), Buffer.from('/k0')));

  const change = async (key: string, value: string | undefined): Promise<KeyChange> => {
    const [found] = (await client.range({ key: Buffer.from(key) })).kvs;
    return {
      key: Buffer.from(key),
      wanted: value === undefined ? undefined : { value: Buffer.from(value), lease: 0n },
      found: found === undefined ? undefined : { ...found, value: Buffer.from(found.value) },
    };
  };
  const put = (key: string, value: string) => client.put(Buffer.from(key), Buffer.from(value));
  const writerOn = (on: Pick<MemberClient, 'txn' | 'range'>, forMs = patience.forMs) =>
    new GuardedWriter({ client: on, leaseFor: async () => undefined, patience: { forMs } });

  test('are made in one revision, and nothing is written twice', async () => {
    await put('/k/old', 'x');
    await put('/k/gone', 'x');
    const changes = [await change('/k/old', 'y'), await change('/k/gone', undefined), await change('/k/new', 'y')];
    const outcomes = await writerOn(client).write(changes, never);
    const revision = await revisionOf(client);
    expect(outcomes.map(({ change: _, ...outcome }) => outcome)).toEqual(
      changes.map(() => ({ result: 'made', revision })),
    );
    expect(await valuesBelow(client, '/k/')).toEqual({ '/k/old': 'y', '/k/new': 'y' });
    // Late, as a transaction that was held up in between.
    const again = await writerOn(client).write(changes, never);
    expect(again.map(({ result }) => result)).toEqual(['equal', 'equal', 'equal']);
    expect(await revisionOf(client)).toBe(revision);
  });

  test('what somebody else has written is left alone, and the others are made', async () => {
    for (const key of ['/k/1', '/k/2', '/k/3', '/k/4']) await put(key, 'x');
    const changes = [
      await change('/k/1', 'y'),
      await change('/k/2', 'y'),
      await change('/k/3', undefined),
      await change('/k/4', 'y'),
      await change('/k/5', 'y'),
    ];
    await put('/k/1', 'theirs');
    await client.deleteRange(Buffer.from('/k/2'));
    await put('/k/3', 'theirs');
    await put('/k/5', 'theirs');
    const outcomes = await writerOn(client).write(changes, never);
    expect(outcomes.map(({ result }) => result)).toEqual(['conflict', 'conflict', 'conflict', 'made', 'conflict']);
    expect(outcomes[1]).toMatchObject({ modRevision: undefined });
    expect(await valuesBelow(client, '/k/')).toEqual({
      ...{ '/k/1': 'theirs', '/k/3': 'theirs', '/k/4': 'y', '/k/5': 'theirs' },
    });
  });

  test('a server with a smaller limit of operations gets smaller transactions', async () => {
    const changes = await Promise.all(Array.from({ length: 35 }, (_, n) => change(`/k/${n}`, 'y')));
    const outcomes = await writerOn(client).write(changes, never);
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(['made']));
    expect(Object.keys(await valuesBelow(client, '/k/'))).toHaveLength(35);
  });

  test('a value that is too large for the cluster keeps no other one from being made', async () => {
    const changes = [await change('/k/1', 'y'), await change('/k/2', 'x'.repeat(1_700_000)), await change('/k/3', 'y')];
    const outcomes = await writerOn(client).write(changes, never);
    expect(outcomes.map(({ result }) => result)).toEqual(['made', 'too-large', 'made']);
  });

  test.each(['before', 'after'] as const)('where an answer is lost, %s it was made, it is made once', async (when) => {
    await put('/k/1', 'x');
    const changes = [await change('/k/1', 'y'), await change('/k/2', 'y')];
    let calls = 0;
    const losing: Pick<MemberClient, 'txn' | 'range'> = {
      range: (...args) => client.range(...args),
      txn: async (...args) => {
        calls += 1;
        if (calls > 1) return await client.txn(...args);
        if (when === 'after') await client.txn(...args);
        throw new EtcdError('ETCD_DEADLINE', 'lost');
      },
    };
    const outcomes = await writerOn(losing).write(changes, never);
    const revision = await revisionOf(client);
    expect(outcomes.map(({ change: _, ...outcome }) => outcome)).toEqual(
      changes.map(() => ({ result: 'made', revision })),
    );
    const { kvs } = await client.range({ key: Buffer.from('/k/1') });
    expect(kvs[0]).toMatchObject({ version: 2n, modRevision: revision });
  });

  test('a member that is away is waited for, but not for ever', async () => {
    const changes = [await change('/k/1', 'y')];
    await cluster.members[0]?.kill();
    await expect(writerOn(client, 300).write(changes, never)).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
    const writing = writerOn(client).write(changes, never);
    await cluster.members[0]?.start();
    expect((await writing).map(({ result }) => result)).toEqual(['made']);
  });

  test('a cluster without space refuses, which is not waited for', async () => {
    const refusing: Pick<MemberClient, 'txn' | 'range'> = {
      range: (...args) => client.range(...args),
      txn: async () => {
        throw new EtcdError('ETCD_NOSPACE', 'full');
      },
    };
    const changes = [await change('/k/1', 'y')];
    await expect(writerOn(refusing).write(changes, never)).rejects.toMatchObject({ code: 'ETCD_NOSPACE' });
  });
});

describe('transactions', () => {
  const changes = (count: number, valueBytes: number, foundBytes = 0): readonly KeyChange[] =>
    Array.from({ length: count }, (_, n) => ({
      key: Buffer.from(`/k/${n}`),
      wanted: { value: Buffer.alloc(valueBytes), lease: 0n },
      found: foundBytes === 0 ? undefined : { value: Buffer.alloc(foundBytes), modRevision: 1n, lease: 0n },
    }));
  const sizes = async (all: readonly KeyChange[]) => {
    async function* each() {
      yield* all;
    }
    return (await allOf(batchesOf(each()))).map(({ length }) => length);
  };

  test('are as large as etcd takes them with its defaults, and no larger', async () => {
    expect(await sizes(changes(250, 10))).toEqual([100, 100, 50]);
    expect(await sizes(changes(5, 200_000))).toEqual([2, 2, 1]);
    expect(await sizes(changes(3, 1_048_576))).toEqual([1, 1, 1]);
    expect(await sizes(changes(6, 1, 1_500_000))).toEqual([2, 2, 2]);
    expect(await sizes([])).toEqual([]);
  });
});

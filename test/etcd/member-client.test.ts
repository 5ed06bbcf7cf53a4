import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { WatchBatch, WatchRequest } from '../../src/etcd/types.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';

const key = (text: string): Buffer => Buffer.from(text);

describe.each(['3.4', '3.5'] as const)('the client of one member, on etcd %s', (version) => {
  let cluster: RealCluster;
  let client: MemberClient;

  beforeAll(async () => {
    cluster = await startCluster({ version, extraArgs: ['--max-request-bytes', '12000000', '--max-txn-ops', '500'] });
    // Megabytes on a busy machine take longer than the default allows.
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', callTimeoutMs: 20_000 });
  });

  afterAll(async () => {
    client.close();
    await cluster.close();
  });

  test('Status is told in the words that etcdctl uses', async () => {
    const status = await client.status();
    const [line] = (await cluster.etcdctl('endpoint', 'status', '-w', 'simple')).split('\n');
    const [, id, etcdVersion, , isLeader, isLearner, term, index] = line?.split(', ') ?? [];
    expect(status.header.memberId).toBe(id);
    expect(status.version).toBe(etcdVersion);
    expect(status.leaderId === status.header.memberId).toBe(isLeader === 'true');
    expect(status.isLearner).toBe(isLearner === 'true');
    expect(status.raftTerm).toBe(BigInt(term ?? ''));
    expect(status.raftIndex).toBe(BigInt(index ?? ''));
    expect(status.raftAppliedIndex).toBe(status.raftIndex);
    expect(status.dbSizeBytes).toBeGreaterThanOrEqual(status.dbSizeInUseBytes);
    expect(status.dbSizeInUseBytes).toBeGreaterThan(0);
    expect(status.errors).toEqual([]);
  });

  test('the member list is linearizable where a quorum answers', async () => {
    const list = await client.memberList();
    expect(list.linearizable).toBe(true);
    const endpoint = cluster.endpoints[0];
    expect(list.members).toEqual([
      {
        id: list.header.memberId,
        name: 'm1',
        peerUrls: [cluster.members[0]?.peerUrl],
        clientUrls: [endpoint],
        isLearner: false,
      },
    ]);
  });

  test('a linearizable read says how long it took', async () => {
    const askedAtMs = performance.now();
    const { seconds } = await client.linearizableRead();
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual((performance.now() - askedAtMs) / 1000);
  });

  test('a range is read page by page at one revision, int64 as bigint', async () => {
    for (const name of ['c', 'a', 'b']) await client.put(key(`page/${name}`), key(`value of ${name}`));
    const first = await client.range({ key: key('page/'), rangeEnd: key('page0'), limit: 2 });
    expect(first.kvs.map((kv) => kv.key.toString())).toEqual(['page/a', 'page/b']);
    expect([first.more, first.count]).toEqual([true, 3]);
    await client.put(key('page/d'), key('later'));
    const { revision } = first.header;
    const second = await client.range({ key: key('page/b\0'), rangeEnd: key('page0'), limit: 2, revision });
    expect(second.kvs).toEqual([
      {
        key: key('page/c'),
        value: key('value of c'),
        createRevision: revision - 2n,
        modRevision: revision - 2n,
        version: 1n,
        lease: 0n,
      },
    ]);
    expect(second.more).toBe(false);
    const counted = await client.range({
      key: key('page/'),
      rangeEnd: key('page0'),
      countOnly: true,
      serializable: true,
    });
    expect([counted.count, counted.kvs.length]).toEqual([4, 0]);
    const keysOnly = await client.range({ key: key('page/a'), keysOnly: true });
    expect(keysOnly.kvs.map((kv) => [kv.key.toString(), kv.value.length])).toEqual([['page/a', 0]]);
  });

  test('the sizes of values are read without the values', async () => {
    await client.put(key('sizes/a'), Buffer.alloc(1000));
    await client.put(key('sizes/b'), Buffer.alloc(0));
    const page = await client.keySizes({ key: key('sizes/'), rangeEnd: key('sizes0') });
    const sizes: [string, number][] = [];
    page.forEach((name, valueBytes) => {
      sizes.push([name.toString(), valueBytes]);
    });
    expect(sizes).toEqual([
      ['sizes/a', 1000],
      ['sizes/b', 0],
    ]);
  });

  test('keys and values are bytes, whatever they hold', async () => {
    const odd = Buffer.from([0x6f, 0x00, 0xff, 0x80]);
    await client.put(odd, odd);
    const { kvs } = await client.range({ key: odd });
    expect(kvs[0]?.value).toEqual(odd);
    expect(await client.deleteRange(odd)).toMatchObject({ deleted: 1 });
    expect((await client.range({ key: odd })).kvs).toEqual([]);
  });

  test('a transaction goes through etcd3 on the same connection', async () => {
    const { kv, headerOf } = await client.etcd3();
    const reply = await kv.txn({
      compare: [{ key: key('txn'), target: 'Version', version: 0 }],
      success: [{ request_put: { key: key('txn'), value: key('1') } }],
      failure: [],
    });
    expect(reply.succeeded).toBe(true);
    expect(headerOf(reply).memberId).toBe((await client.status()).header.memberId);
  });

  test('a watch delivers puts and deletes with the values before, in order', async () => {
    const batches = await watchUntil(client, { key: key('w/'), rangeEnd: key('w0'), previous: true }, 3, async () => {
      await client.put(key('w/1'), key('one'));
      await client.put(key('w/1'), key('two'));
      await client.deleteRange(key('w/1'));
    });
    expect(batches[0]?.kind).toBe('created');
    const events = batches.flatMap((batch) => batch.events);
    expect(events.map((event) => [event.type, event.kv.value.toString(), event.previous?.value.toString()])).toEqual([
      ['put', 'one', undefined],
      ['put', 'two', 'one'],
      ['delete', '', 'two'],
    ]);
    const { revision: last = 0n } = batches.at(-1)?.header ?? {};
    expect(events.map((event) => event.kv.modRevision)).toEqual([last - 2n, last - 1n, last]);
  });

  test('a watch from an earlier revision delivers what happened since', async () => {
    const { revision } = await client.put(key('since/1'), key('x'));
    await client.put(key('since/2'), key('y'));
    const request = { key: key('since/'), rangeEnd: key('since0'), startRevision: revision };
    const batches = await watchUntil(client, request, 2, () => Promise.resolve());
    expect(batches.flatMap((batch) => batch.events).map((event) => event.kv.key.toString())).toEqual([
      'since/1',
      'since/2',
    ]);
  });

  test('a watch that starts before the compaction says where it could start', async () => {
    const { revision } = await client.put(key('compacted'), key('x'));
    await client.put(key('compacted'), key('y'));
    await cluster.etcdctl('compaction', String(revision + 1n));
    const watching = watchUntil(client, { key: key('compacted'), startRevision: revision }, 1, () => Promise.resolve());
    await expect(watching).rejects.toMatchObject({
      code: 'ETCD_COMPACTED',
      compactRevision: revision + 1n,
      member: 'm1',
    });
    await expect(client.range({ key: key('compacted'), revision })).rejects.toMatchObject({ code: 'ETCD_COMPACTED' });
    const ahead = client.range({ key: key('compacted'), revision: revision + 1000n });
    await expect(ahead).rejects.toMatchObject({ code: 'ETCD_FUTURE_REVISION' });
  });

  test('hazard 8: values of many megabytes pass through range, watch and snapshot', async () => {
    const large = Buffer.alloc(9_000_000, 'large');
    const batches = await watchUntil(client, { key: key('large') }, 1, async () => {
      await client.put(key('large'), large);
    });
    expect(batches.flatMap((batch) => batch.events)[0]?.kv.value.equals(large)).toBe(true);
    const { kvs } = await client.range({ key: key('large') });
    expect(kvs[0]?.value.equals(large)).toBe(true);
    const { bytes, remaining } = await readSnapshot(client);
    expect(bytes).toBeGreaterThan(9_000_000);
    expect(remaining).toBe(0n);
  });

  test('hazard 8: more events than one message holds arrive in fragments that say so', async () => {
    const value = Buffer.alloc(5_000_000, 'v');
    const { revision: startRevision } = await client.put(key('frag/1'), value);
    for (const name of ['2', '3', '4', '5']) await client.put(key(`frag/${name}`), value);
    const request = { key: key('frag/'), rangeEnd: key('frag0'), startRevision };
    const batches = await watchUntil(client, request, 5, () => Promise.resolve());
    expect(batches.some((batch) => batch.fragment)).toBe(true);
    expect(batches.at(-1)?.fragment).toBe(false);
    const keys = batches.flatMap((batch) => batch.events).map((event) => event.kv.key.toString());
    expect(keys.toSorted()).toEqual(['frag/1', 'frag/2', 'frag/3', 'frag/4', 'frag/5']);
  });

  test('a message over the limit is refused with what to do, and the connection stays good', async () => {
    const small = new MemberClient({ member: 'm1', endpoint: client.endpoint, maxMessageBytes: 1_000_000 });
    try {
      const range = small.range({ key: key('large') });
      await expect(range).rejects.toMatchObject({ code: 'ETCD_MESSAGE_TOO_LARGE', remedy: expect.any(String) });
      const tooLarge = client.put(key('too-large'), Buffer.alloc(13_000_000));
      await expect(tooLarge).rejects.toMatchObject({ code: 'ETCD_MESSAGE_TOO_LARGE' });
      await expect(small.status()).resolves.toMatchObject({ isLearner: false });
    } finally {
      small.close();
    }
  });

  test('a consumer that stops in the middle of a snapshot leaves the connection good', async () => {
    for await (const chunk of client.snapshot()) {
      expect(chunk.blob.length).toBeGreaterThan(0);
      break;
    }
    await expect(client.status()).resolves.toBeDefined();
  });

  test('hazard 5: failures of one call never keep another one from being made', async () => {
    const impossible = AbortSignal.timeout(0);
    const failures = Array.from({ length: 10 }, () =>
      client.range({ key: key('a') }, impossible).catch(() => undefined),
    );
    await Promise.all(failures);
    await expect(client.status()).resolves.toBeDefined();
    await expect(client.put(key('after'), key('x'))).resolves.toBeDefined();
  });

  test('whether authentication is on is told where the version can', async () => {
    const asked = client.authStatus();
    if (version === '3.4') await expect(asked).rejects.toMatchObject({ code: 'ETCD_OLDER_MEMBERS' });
    else await expect(asked).resolves.toMatchObject({ enabled: false });
  });

  test('hazard 7: what only etcd 3.6 tells is absent before, not zero', async () => {
    const status = await client.status();
    expect(Object.keys(status)).not.toContain('dbSizeQuotaBytes');
    expect(Object.keys(status)).not.toContain('storageVersion');
  });

  test('a closed client says so, and calls under way end', async () => {
    const other = new MemberClient({ member: 'm1', endpoint: client.endpoint });
    const watching = watchUntil(other, { key: key('never') }, 1, async () => other.close());
    await expect(watching).rejects.toMatchObject({ code: 'ETCD_CLOSED' });
    await expect(other.status()).rejects.toMatchObject({ code: 'ETCD_CLOSED' });
  });
});

/** Collects batches until so many events have come; `act` runs once the watch stands. */
async function watchUntil(
  client: MemberClient,
  request: WatchRequest,
  events: number,
  act: () => Promise<void>,
): Promise<WatchBatch[]> {
  const batches: WatchBatch[] = [];
  let seen = 0;
  for await (const batch of client.watch(request)) {
    batches.push(batch);
    seen += batch.events.length;
    if (batch.kind === 'created') await act();
    if (seen >= events) break;
  }
  return batches;
}

async function readSnapshot(client: MemberClient): Promise<{ bytes: number; remaining: bigint }> {
  let bytes = 0;
  let remaining = 0n;
  for await (const chunk of client.snapshot()) {
    bytes += chunk.blob.length;
    remaining = chunk.remainingBytes;
  }
  return { bytes, remaining };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberClient } from '../../../src/etcd/member-client.ts';

/** Numbers from 0 to just below 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const places: readonly Buffer[] = [
  ...['/', '//', '/a/', '/a/b/', '/a//', 'plain/', 'no-slash-', '/deep/1/2/3/4/5/', '/etcd-caretaker/', '/größe/'].map(
    (text) => Buffer.from(text),
  ),
  Buffer.from([0x2f, 0xff, 0xfe, 0x2f, 0x00]),
  Buffer.from([0x00]),
  Buffer.from([0xff, 0xff, 0xff]),
];

/** A key of one of many kinds: binary, without slashes, with empty elements, deep, the agent's own. */
export function randomKey(random: () => number): Buffer {
  const place = places[Math.floor(random() * places.length)] ?? places[0];
  return Buffer.concat([place ?? Buffer.alloc(0), Buffer.from(`k${Math.floor(random() * 400)}`)]);
}

function randomValue(random: () => number): Buffer {
  const dice = random();
  const length = dice < 0.02 ? 100_000 : dice < 0.2 ? 0 : 600;
  return Buffer.alloc(Math.floor(random() * length), 'v');
}

/** Fills etcd with random keys and a few very large values. */
export async function fill(client: MemberClient, random: () => number, keys: number): Promise<void> {
  const { kv } = await client.etcd3();
  for (let i = 0; i < keys; i += 50) {
    const all = new Map(Array.from({ length: 50 }, () => randomKey(random)).map((key) => [key.toString('hex'), key]));
    const success = [...all.values()].map((key) => ({ request_put: { key, value: randomValue(random) } }));
    await kv.txn({ compare: [], success, failure: [] });
  }
  for (let i = 0; i < 4; i += 1) {
    await kv.put({ key: Buffer.from(`/large/${i}`), value: Buffer.alloc(2 ** 20, 'l') });
  }
}

/** One random change: a put, a delete, a transaction of both, a range delete, a lease that soon expires, a compaction. */
async function change(client: MemberClient, random: () => number): Promise<void> {
  const { kv, lease } = await client.etcd3();
  const dice = random();
  const key = randomKey(random);
  if (dice < 0.5) {
    await kv.put({ key, value: randomValue(random) });
  } else if (dice < 0.65) {
    await kv.deleteRange({ key });
  } else if (dice < 0.9) {
    const other = Buffer.concat([key, Buffer.from('/x')]);
    const success = [{ request_put: { key: other, value: randomValue(random) } }, { request_delete_range: { key } }];
    await kv.txn({ compare: [], success, failure: [] });
  } else if (dice < 0.94) {
    await kv.deleteRange({ key, range_end: Buffer.concat([key, Buffer.from([0xff])]) });
  } else if (dice < 0.98) {
    const { ID } = await lease.leaseGrant({ TTL: 1 });
    await kv.put({ key: Buffer.concat([key, Buffer.from('/leased')]), value: randomValue(random), lease: ID });
  } else {
    const { header } = await client.status();
    await kv.compact({ revision: header.revision.toString() }).catch(() => undefined);
  }
}

/** Changes etcd at random, from several sides at once, until told to stop. */
export async function churn(client: MemberClient, random: () => number, signal: AbortSignal): Promise<void> {
  const writer = async (): Promise<void> => {
    while (!signal.aborted) {
      await change(client, random);
      await sleep(random() * 4);
    }
  };
  await Promise.all([writer(), writer(), writer()]);
}

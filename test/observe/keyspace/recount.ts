import type { MemberClient } from '../../../src/etcd/member-client.ts';

/** Keys and bytes of one prefix. */
export type Count = readonly [keys: number, bytes: number];

const zero = Buffer.from([0]);

/**
 * Counts everything anew, in the plainest way: all keys at one linearizable revision, cut at slashes with string functions.
 * Keys below `/registry` are none of its business.
 */
export async function recount(
  client: MemberClient,
  depth: number,
): Promise<{ readonly revision: bigint; readonly counts: Readonly<Record<string, Count>> }> {
  const { kvs, header } = await client.range({ key: zero, rangeEnd: zero });
  const counts: Record<string, Count> = {};
  for (const { key, value } of kvs) {
    const text = key.toString('latin1');
    const path = text.startsWith('/') ? ['/', ...text.slice(1).split('/')] : ['', ...text.split('/')];
    const [root = '', ...elements] = path.slice(0, -1);
    const shown = elements.slice(0, depth);
    const prefix = root + shown.map((element) => `${element}/`).join('');
    const [keys, bytes] = counts[prefix] ?? [0, 0];
    counts[prefix] = [keys + 1, bytes + key.length + value.length];
  }
  return { revision: header.revision, counts };
}

import { createHash } from 'node:crypto';
import type { KeyDifference } from '../../../../src/backup/restore/prefix/key-change.ts';
import { keyText } from '../../../../src/cluster/key-text.ts';
import type { MemberClient } from '../../../../src/etcd/member-client.ts';

/** Keys and values as text, in order, of what begins with a prefix. */
export async function valuesBelow(client: MemberClient, prefix: string): Promise<Readonly<Record<string, string>>> {
  const { kvs } = await client.range({ key: Buffer.from('\0'), rangeEnd: Buffer.from('\0') });
  const below = kvs.filter(({ key }) => key.toString('latin1').startsWith(prefix));
  return Object.fromEntries(below.map(({ key, value }) => [keyText(key), shortly(value)]));
}

/** So that a failed comparison can be read. */
function shortly(value: Buffer): string {
  if (value.length < 100) return value.toString('latin1');
  return `${value.length} bytes, ${createHash('sha256').update(value).digest('hex')}`;
}

/** The revision that the cluster is at. */
export async function revisionOf(client: MemberClient): Promise<bigint> {
  return (await client.range({ key: Buffer.from('none') })).header.revision;
}

/** A difference in short: `put-back /k`. */
export function inShort({ kind, key }: KeyDifference): string {
  return `${kind} ${keyText(key)}`;
}

import { randomBytes } from 'node:crypto';
import type { MemberClient } from '../../../src/etcd/member-client.ts';

const VALUE_BYTES = 2048;
const VALUES_A_TXN = 100;
const HALF_BYTES = VALUE_BYTES / 2;
const same = Buffer.alloc(HALF_BYTES, '{"kind":"Pod"}');

/**
 * Fills a member with objects as Kubernetes has them, half of each of which can be compressed.
 * @param fromBytes what was filled in before
 */
export async function fillMember(client: MemberClient, bytes: number, fromBytes = 0): Promise<void> {
  const txns = Math.ceil(bytes / (VALUE_BYTES * VALUES_A_TXN));
  let next = Math.ceil(fromBytes / (VALUE_BYTES * VALUES_A_TXN));
  const worker = async (): Promise<void> => {
    while (next < txns) {
      const txn = next;
      next += 1;
      const random = randomBytes(VALUES_A_TXN * HALF_BYTES);
      const changes = Array.from({ length: VALUES_A_TXN }, (_, i) => ({
        put: Buffer.from(`/registry/pods/ns-${txn % 100}/pod-${txn}-${i}`),
        value: Buffer.concat([random.subarray(i * HALF_BYTES, (i + 1) * HALF_BYTES), same]),
      }));
      await client.txn({ compare: [], changes });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

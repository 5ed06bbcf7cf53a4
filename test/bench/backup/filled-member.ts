import { randomBytes } from 'node:crypto';
import type { MemberClient } from '../../../src/etcd/member-client.ts';

const VALUE_BYTES = 2048;
const VALUES_A_TXN = 100;

/** Fills a member with objects as Kubernetes has them, half of each of which can be compressed. */
export async function fillMember(client: MemberClient, bytes: number): Promise<void> {
  const txns = Math.ceil(bytes / (VALUE_BYTES * VALUES_A_TXN));
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < txns) {
      const txn = next;
      next += 1;
      const changes = Array.from({ length: VALUES_A_TXN }, (_, i) => ({
        put: Buffer.from(`/registry/pods/ns-${txn % 100}/pod-${txn}-${i}`),
        value: Buffer.concat([randomBytes(VALUE_BYTES / 2), Buffer.alloc(VALUE_BYTES / 2, '{"kind":"Pod"}')]),
      }));
      await client.txn({ compare: [], changes });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

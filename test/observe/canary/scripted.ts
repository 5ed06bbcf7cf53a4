import { setTimeout as sleep } from 'node:timers/promises';
import type { Canary, CanaryOperation } from '../../../src/cluster/sections.ts';
import { type CanaryOptions, canaryCollector } from '../../../src/observe/canary.ts';
import { collectOnce } from '../../fixtures/sources.ts';

type Client = CanaryOptions['client'];

/** A cluster that answers everything at once, unless the test has it do something else. */
export function scriptedClient(changes: Partial<Client> = {}): Client {
  return {
    linearizableRead: async () => ({ seconds: 0 }),
    txn: async () => ({ succeeded: true, revision: 1n }),
    keepLeaseAlive: async () => 3600,
    grantLease: async (ttlSeconds, _, id = 1n) => ({ id, ttlSeconds }),
    revokeLease: async () => undefined,
    close: () => undefined,
    ...changes,
  };
}

/** Never answers; ends with the signal as the real client does. */
export function hang(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

/** A canary at work, quick enough for a test. */
export function running(client: Client, changes: Partial<CanaryOptions> = {}) {
  const collector = canaryCollector({
    client,
    ...{ read: true, write: true, readIntervalMs: 20, writeIntervalMs: 20, slowAfterMs: 500, timeoutMs: 2000 },
    place: () => ({ key: Buffer.from('/etcd-caretaker/canary/1'), agents: 1, index: 0 }),
    ...changes,
  });
  collector.start?.();
  const all = async (): Promise<readonly Canary[]> => (await collectOnce(collector)).canaries;
  return {
    all,
    /** The counts of one operation, once they are as wanted. */
    when: async (operation: CanaryOperation, wanted: (canary: Canary) => boolean): Promise<Canary> => {
      for (;;) {
        const canary = (await all()).find((each) => each.operation === operation);
        if (canary !== undefined && wanted(canary)) return canary;
        await sleep(10);
      }
    },
    [Symbol.asyncDispose]: async () => await collector.close?.(),
  };
}

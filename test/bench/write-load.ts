import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../src/etcd/member-client.ts';

/** A light, steady write load on one member: so many puts a second over a bounded set of keys. */
export function startWriteLoad(endpoint: string, putsPerSecond: number): { close(): Promise<void> } {
  const client = new MemberClient({ member: 'load', endpoint });
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    const { kv } = await client.etcd3();
    for (let i = 0; !stop.signal.aborted; i += 1) {
      const prefix = ['pods', 'events', 'leases', 'configmaps'][i % 4];
      const key = Buffer.from(`/registry/${prefix}/default/object-${i % 2000}`);
      await kv.put({ key, value: Buffer.alloc(512, i % 256) }).catch(() => undefined);
      await sleep(1000 / putsPerSecond);
    }
  };
  const loop = run();
  return {
    close: async () => {
      stop.abort();
      await loop;
      client.close();
    },
  };
}

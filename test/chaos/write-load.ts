import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../src/etcd/member-client.ts';

const PREFIX = '/chaos/load/';
const EVERY_MS = 100;
const TIMEOUT_MS = 2000;

/** A light load whose every acknowledged write is remembered. */
export interface WriteLoad {
  /** How many writes were acknowledged. */
  readonly acknowledged: number;
  /** How many were not. */
  readonly failed: number;
  /** Ends the load and says which acknowledged writes are not in the store; takes all of them away. */
  close(): Promise<readonly string[]>;
}

/** Writes ten new keys a second, through one member after the other, until it is closed. */
export function startWriteLoad(endpoints: readonly string[]): WriteLoad {
  const clients = endpoints.map(
    (endpoint) => new MemberClient({ member: 'load', endpoint, callTimeoutMs: TIMEOUT_MS }),
  );
  const ending = new AbortController();
  const acknowledged = new Set<string>();
  const pending = new Set<Promise<void>>();
  let failed = 0;
  const write = async (client: MemberClient, key: string): Promise<void> => {
    await client.put(Buffer.from(key), Buffer.from('x')).then(
      () => acknowledged.add(key),
      () => {
        failed += 1;
      },
    );
  };
  const run = async (): Promise<void> => {
    const begun = Date.now();
    for (let n = 0; !ending.signal.aborted; n += 1) {
      const client = clients[n % clients.length];
      if (client === undefined) return;
      const writing = write(client, `${PREFIX}${begun}/${n}`).finally(() => pending.delete(writing));
      pending.add(writing);
      await sleep(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    get acknowledged() {
      return acknowledged.size;
    },
    get failed() {
      return failed;
    },
    close: async () => {
      ending.abort();
      await running;
      await Promise.all(pending);
      const [client] = clients;
      try {
        return client === undefined ? [] : await missingOf(acknowledged, client);
      } finally {
        for (const each of clients) each.close();
      }
    },
  };
}

async function missingOf(acknowledged: ReadonlySet<string>, client: MemberClient): Promise<readonly string[]> {
  const range = { key: Buffer.from(PREFIX), rangeEnd: Buffer.from('/chaos/load0') };
  const { kvs } = await client.range({ ...range, keysOnly: true });
  const there = new Set(kvs.map(({ key }) => key.toString('utf8')));
  await client.deleteRange(range.key, range.rangeEnd);
  return [...acknowledged].filter((key) => !there.has(key));
}

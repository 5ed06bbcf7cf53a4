import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { Follow } from '../../src/observe/keyspace/follow.ts';
import { KeyspaceTotals } from '../../src/observe/keyspace/totals.ts';

/** What one run in a process of its own came to; sizes in bytes. */
export interface ScanFigures {
  readonly keys: number;
  readonly seconds: number;
  readonly requests: number;
  readonly slowestRequestSeconds: number;
  readonly residentBefore: number;
  readonly residentPeak: number;
  readonly residentAfter: number;
}

const barePageKeys = 2000;

/** Resident memory with nothing left to collect. */
async function resident(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc?.();
    await sleep(200);
  }
  return process.memoryUsage.rss();
}

/** Reads all keys as the collector does. */
async function scan(
  endpoint: string,
  keysPerSecond: number,
  busyShare: number,
  pageBytes: number,
): Promise<ScanFigures> {
  const client = new MemberClient({ member: 'bench', endpoint, callTimeoutMs: 60_000 });
  let requests = 0;
  let slowestMs = 0;
  const follow = new Follow({
    client: {
      keySizes: async (request, signal) => {
        const startedMs = performance.now();
        requests += 1;
        const page = await client.keySizes(request, signal);
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
        return page;
      },
      watch: (request, signal) => client.watch(request, signal),
    },
    totals: new KeyspaceTotals({ kubernetes: 'auto', maxDepth: 4 }),
    pageBytes,
    pace: { keysPerSecond, busyShare },
    hold: () => undefined,
  });
  await client.status();
  const residentBefore = await resident();
  process.stderr.write('scanning\n');
  const stop = new AbortController();
  const startedMs = performance.now();
  const running = follow.run(stop.signal);
  let residentPeak = residentBefore;
  while (!follow.progress.current) {
    residentPeak = Math.max(residentPeak, process.memoryUsage.rss());
    await sleep(50);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const residentAfter = await resident();
  stop.abort();
  await running;
  client.close();
  const memory = { residentBefore, residentPeak, residentAfter };
  return { keys: follow.progress.scannedKeys, seconds, requests, slowestRequestSeconds: slowestMs / 1000, ...memory };
}

/** Reads all keys as one does without thinking: everything behind the last key, with a limit. */
async function bare(endpoint: string): Promise<ScanFigures> {
  const client = new MemberClient({ member: 'bench', endpoint, callTimeoutMs: 60_000 });
  await client.status();
  const residentBefore = await resident();
  const startedMs = performance.now();
  const zero = Buffer.from([0]);
  let [key, more, keys, requests, slowestMs, residentPeak] = [zero, true, 0, 0, 0, residentBefore];
  while (more) {
    const askedMs = performance.now();
    const page = await client.range({ key, rangeEnd: zero, limit: barePageKeys, serializable: true });
    slowestMs = Math.max(slowestMs, performance.now() - askedMs);
    requests += 1;
    keys += page.kvs.length;
    more = page.more;
    key = Buffer.concat([page.kvs.at(-1)?.key ?? zero, zero]);
    residentPeak = Math.max(residentPeak, process.memoryUsage.rss());
  }
  const seconds = (performance.now() - startedMs) / 1000;
  client.close();
  const memory = { residentBefore, residentPeak, residentAfter: await resident() };
  return { keys, seconds, requests, slowestRequestSeconds: slowestMs / 1000, ...memory };
}

const [mode = '', endpoint = '', keysPerSecond = 'Infinity', busyShare = '1', pageBytes = '1048576'] =
  process.argv.slice(2);
const figures =
  mode === 'bare'
    ? await bare(endpoint)
    : await scan(endpoint, Number(keysPerSecond), Number(busyShare), Number(pageBytes));
console.log(JSON.stringify(figures));

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { startCluster } from '../real/cluster.ts';
import type { ScanFigures } from './keyspace-child.ts';
import { machine } from './processes.ts';

const script = fileURLToPath(new URL('keyspace-child.ts', import.meta.url));
/** What the agent gives itself when it starts (`agent/become-agent.ts`): memory is measured as it is in the agent. */
const agentFlags = ['--max-semi-space-size=1', '--v8-pool-size=1'];
const agentEnvironment = { MALLOC_ARENA_MAX: '2' };
const mib = 2 ** 20;
const valueBytes = 512;
const putsPerSecond = 50;
const defaultKeysPerSecond = 5000;
const turnMs = 4000;

/**
 * The scan of the keyspace collector on a real etcd with a million keys of 512 bytes (`--keys N`, `--etcd 3.4`): at full
 * speed, beside a bare paged Range in the same run, with the resident memory of each process; and what writes take
 * without the scan and beside it at its default rate.
 */
export async function keyspace(args: readonly string[]): Promise<void> {
  const keys = Number(option(args, '--keys') ?? 1_000_000);
  const version = option(args, '--etcd') === '3.4' ? '3.4' : '3.5';
  console.log(`keyspace: ${keys} keys of ${valueBytes} bytes, etcd ${version}, on ${machine()}`);
  await using cluster = await startCluster({ version, quotaBytes: 8 * 2 ** 30 });
  const endpoint = cluster.endpoints[0] ?? '';
  const client = new MemberClient({ member: 'bench', endpoint, callTimeoutMs: 60_000 });
  try {
    await fill(client, keys);
    const full = await inChild('scan', endpoint).figures;
    const bare = await inChild('bare', endpoint).figures;
    console.log(
      [
        '',
        '| all keys, once | keys/s | requests | slowest | RSS before | peak | after a forced collection |',
        '|---|---|---|---|---|---|---|',
        row('scan at full speed', full),
        row('bare paged Range, 2000 keys a page', bare),
        '',
        `scan / bare: ${(bare.seconds / full.seconds).toFixed(2)}; extra RSS of the scan: ${extra(full)}`,
      ].join('\n'),
    );
    const [apart, beside] = await putLatencies(client, endpoint, option(args, '--page') ?? '1048576');
    console.log(
      [
        '',
        `| ${putsPerSecond} puts/s, in turns of ${turnMs / 1000} s | puts | p50 | p99 | max |`,
        '|---|---|---|---|---|',
        latencyRow('without the scan', apart),
        latencyRow(`beside the scan at its default rate, ${defaultKeysPerSecond} keys/s`, beside),
        '',
        `p99 beside the scan / without it: ${(quantile(beside, 0.99) / quantile(apart, 0.99)).toFixed(2)}`,
      ].join('\n'),
    );
  } finally {
    client.close();
  }
}

function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at === -1 ? undefined : args[at + 1];
}

async function fill(client: MemberClient, keys: number): Promise<void> {
  const { kv } = await client.etcd3();
  const value = Buffer.alloc(valueBytes, 'x');
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys) {
      const from = next;
      next = Math.min(keys, next + 100);
      const success = Array.from({ length: next - from }, (_, i) => {
        const number = String(from + i).padStart(7, '0');
        const key = Buffer.from(`/registry/kind${number.slice(0, 2)}/ns-${number.slice(2, 4)}/object-${number}`);
        return { request_put: { key, value } };
      });
      await kv.txn({ compare: [], success, failure: [] });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** A run in a process of its own: `begun` when it has started up, so that its start is not taken for the scan. */
function inChild(...args: readonly string[]): {
  begun: Promise<unknown>;
  figures: Promise<ScanFigures>;
  process: ChildProcess;
} {
  const child = spawn(process.execPath, ['--expose-gc', ...agentFlags, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...agentEnvironment },
  });
  const begun = once(child.stderr, 'data');
  return { begun, figures: text(child.stdout).then((json) => JSON.parse(json) as ScanFigures), process: child };
}

/**
 * Seconds that each put of a light load took without the scan and beside it. The scan's process is stopped and let go by
 * turns, so that whatever else the machine does falls on both alike.
 */
async function putLatencies(
  client: MemberClient,
  endpoint: string,
  pageBytes: string,
): Promise<readonly [apart: readonly number[], beside: readonly number[]]> {
  const { kv } = await client.etcd3();
  const value = Buffer.alloc(valueBytes, 'y');
  const [apart, beside]: [number[], number[]] = [[], []];
  const { begun, figures, process } = inChild('scan', endpoint, String(defaultKeysPerSecond), '0.2', pageBytes);
  await begun;
  let over = false;
  const ended = figures.finally(() => {
    over = true;
  });
  const begunMs = performance.now();
  for (let i = 0; !over; i += 1) {
    const startedMs = performance.now();
    const scans = Math.floor((startedMs - begunMs) / turnMs) % 2 === 0;
    process.kill(scans ? 'SIGCONT' : 'SIGSTOP');
    await kv.put({ key: Buffer.from(`/load/${i % 1000}`), value });
    const tookMs = performance.now() - startedMs;
    (scans ? beside : apart).push(tookMs / 1000);
    await sleep(Math.max(0, 1000 / putsPerSecond - tookMs));
  }
  await ended;
  return [apart, beside];
}

function row(name: string, figures: ScanFigures): string {
  const { requests, slowestRequestSeconds, residentBefore, residentPeak, residentAfter } = figures;
  const memory = [residentBefore, residentPeak, residentAfter].map((bytes) => `${Math.round(bytes / mib)} MiB`);
  return `| ${[name, rate(figures), requests, `${(slowestRequestSeconds * 1000).toFixed(0)} ms`, ...memory].join(' | ')} |`;
}

function rate({ keys, seconds }: ScanFigures): string {
  return Math.round(keys / seconds).toLocaleString('en-US');
}

function extra({ residentBefore, residentPeak, residentAfter }: ScanFigures): string {
  const [peak, end] = [residentPeak, residentAfter].map((bytes) => Math.round((bytes - residentBefore) / 1e6));
  return `${end} MB at its end, ${peak} MB at its peak (at most 60)`;
}

function quantile(seconds: readonly number[], q: number): number {
  return seconds.toSorted((a, b) => a - b)[Math.min(seconds.length - 1, Math.floor(seconds.length * q))] ?? Number.NaN;
}

function latencyRow(name: string, seconds: readonly number[]): string {
  const figures = [quantile(seconds, 0.5), quantile(seconds, 0.99), Math.max(...seconds)];
  return `| ${[name, seconds.length, ...figures.map((value) => `${(value * 1000).toFixed(2)} ms`)].join(' | ')} |`;
}

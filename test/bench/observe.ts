import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';
import { startAgent } from './agent-under-test.ts';
import { machine, processUse } from './processes.ts';
import { type ScrapeFigures, scrape } from './scrapers.ts';
import { startWriteLoad } from './write-load.ts';

const nodeExporterPath = fileURLToPath(new URL('../../.tools/node-exporter/prometheus-node-exporter', import.meta.url));

interface Row {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
}

/**
 * The agent beside node_exporter and etcd's own metrics page, in one run: resident memory and CPU after ten minutes
 * (or `--minutes N`) of being scraped every 10 s, then scrape latency with 16 scrapers at the same instant. The budgets
 * stand beside the names. The keyspace's figures have a benchmark of their own: `npm run bench -- keyspace`.
 */
export async function observe(args: readonly string[]): Promise<void> {
  const minutes = Number(args[args.indexOf('--minutes') + 1] ?? 10) || 10;
  console.log(`observe: ${minutes} min on ${machine()}`);
  await using cluster = await startCluster({ members: 3 });
  const [first, second] = cluster.members;
  if (first === undefined || second === undefined) {
    throw new Error('no member');
  }
  const load = startWriteLoad(first.endpoint, 50);
  const exporter = await startNodeExporter();
  const agent = await startAgent(first);
  const edge = await startAgent(second, { set: { profile: 'edge' } });
  try {
    console.log(
      `start to first scrape: ${agent.startToScrapeMs.toFixed(0)} ms (at most 1500); to the first that shows the member: ${agent.startToMemberMs.toFixed(0)} ms`,
    );
    const rows: Row[] = [
      { name: 'etcd-caretaker (at most 110 MB, 1 %, 10 ms)', pid: agent.pid, url: `${agent.url}/metrics` },
      { name: 'etcd-caretaker, profile edge (at most 90 MB)', pid: edge.pid, url: `${edge.url}/metrics` },
      { name: 'etcd (its own /metrics)', pid: first.pid, url: first.metricsUrl },
      ...(exporter === undefined ? [] : [{ name: 'prometheus-node-exporter', pid: exporter.pid, url: exporter.url }]),
    ];
    const before = rows.map(({ pid }) => processUse(pid).cpuSeconds);
    const begunMs = performance.now();
    const endMs = begunMs + minutes * 60_000;
    while (performance.now() < endMs) {
      await Promise.all(rows.map(async ({ url }) => (await fetch(url)).arrayBuffer()));
      await sleep(Math.min(10_000, Math.max(0, endMs - performance.now())));
    }
    const seconds = (performance.now() - begunMs) / 1000;
    const use = rows.map(({ pid }) => processUse(pid));
    const figures: ScrapeFigures[] = [];
    for (const { url } of rows) {
      figures.push(await scrape(url, 16, 100));
    }
    console.log(
      [
        '| process | RSS | CPU of one core | scrape p50 | p99 | max | page (gzip) |',
        '|---|---|---|---|---|---|---|',
        ...rows.map(({ name }, i) => {
          const share = ((use[i]?.cpuSeconds ?? 0) - (before[i] ?? 0)) / seconds;
          const ms = (value: number | undefined): string => `${(value ?? 0).toFixed(1)} ms`;
          return `| ${name} | ${((use[i]?.residentBytes ?? 0) / 1e6).toFixed(0)} MB | ${(share * 100).toFixed(2)} % | ${ms(figures[i]?.p50Ms)} | ${ms(figures[i]?.p99Ms)} | ${ms(figures[i]?.maxMs)} | ${figures[i]?.bytes} B |`;
        }),
      ].join('\n'),
    );
  } finally {
    exporter?.child.kill('SIGKILL');
    await edge.close();
    await agent.close();
    await load.close();
  }
}

async function startNodeExporter(): Promise<{ child: ChildProcess; pid: number; url: string } | undefined> {
  if (!existsSync(nodeExporterPath)) {
    console.log('prometheus-node-exporter is not unpacked (node scripts/setup.mjs --for bench): its row is left out');
    return undefined;
  }
  const port = await freePort();
  const child = spawn(nodeExporterPath, [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  await sleep(1000);
  return { child, pid: child.pid ?? 0, url: `http://127.0.0.1:${port}/metrics` };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../real/cluster.ts';
import { startAgent } from './agent-under-test.ts';
import { Inspector } from './inspector.ts';
import { machine, processUse } from './processes.ts';
import { startWriteLoad } from './write-load.ts';

const mib = 2 ** 20;

/**
 * Lets one agent of the built package watch a real cluster under a light load for two hours (or `--minutes N`), with any
 * keys of its configuration (`--set key=value`; with `observe.interval=1s` it lives through ten times the rounds), scraped
 * as Prometheus would, and says whether the live heap after a forced collection is flat: its slope over the second
 * half, by least squares, and the difference between the medians of the second and the last quarter.
 */
export async function soak(args: readonly string[]): Promise<void> {
  const minutes = Number(args[args.indexOf('--minutes') + 1] ?? 120) || 120;
  console.log(`soak: ${minutes} min on ${machine()} ${args.join(' ')}`);
  await using cluster = await startCluster({ members: 3 });
  const [first] = cluster.members;
  if (first === undefined) {
    throw new Error('no member');
  }
  const load = startWriteLoad(first.endpoint, 50);
  const set = Object.fromEntries(
    args.flatMap((arg, i) => (args[i - 1] === '--set' ? [arg.split('=', 2) as [string, string]] : [])),
  );
  const agent = await startAgent(first, { inspect: true, set });
  const inspector = await Inspector.connect(agent.inspectorUrl ?? '');
  const samples: { readonly minute: number; readonly heapMiB: number; readonly rssMiB: number }[] = [];
  try {
    const begunMs = performance.now();
    const before = processUse(agent.pid);
    for (let minute = 1; minute <= minutes; minute += 1) {
      for (let scrape = 0; scrape < 4; scrape += 1) {
        await sleep(Math.max(0, begunMs + ((minute - 1) * 4 + scrape + 1) * 15_000 - performance.now()));
        await (await fetch(`${agent.url}/metrics`)).arrayBuffer();
      }
      const heapMiB = (await inspector.liveHeapBytes()) / mib;
      const rssMiB = processUse(agent.pid).residentBytes / mib;
      samples.push({ minute, heapMiB, rssMiB });
      if (minute % 5 === 0 || minute === 1) {
        console.log(`${minute} min: live heap ${heapMiB.toFixed(2)} MiB, RSS ${rssMiB.toFixed(1)} MiB`);
      }
    }
    const cpu = (processUse(agent.pid).cpuSeconds - before.cpuSeconds) / ((performance.now() - begunMs) / 1000);
    report(samples, cpu);
  } finally {
    inspector.close();
    await agent.close();
    await load.close();
  }
}

function report(samples: readonly { minute: number; heapMiB: number; rssMiB: number }[], cpu: number): void {
  const half = samples.slice(Math.floor(samples.length / 2));
  const quarter = Math.floor(samples.length / 4);
  const second = median(samples.slice(quarter, 2 * quarter).map(({ heapMiB }) => heapMiB));
  const last = median(samples.slice(-quarter).map(({ heapMiB }) => heapMiB));
  const slopeKiBPerHour = slope(half.map(({ minute, heapMiB }) => [minute / 60, heapMiB * 1024] as const));
  console.log(
    [
      `live heap: median ${second.toFixed(2)} MiB in the second quarter, ${last.toFixed(2)} MiB in the last`,
      `slope over the second half: ${slopeKiBPerHour.toFixed(0)} KiB/h`,
      `RSS: median ${median(half.map(({ rssMiB }) => rssMiB)).toFixed(1)} MiB, highest ${Math.max(...samples.map(({ rssMiB }) => rssMiB)).toFixed(1)} MiB`,
      `CPU: ${(cpu * 100).toFixed(2)} % of one core (with a forced collection each minute)`,
    ].join('\n'),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function slope(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return over / under;
}

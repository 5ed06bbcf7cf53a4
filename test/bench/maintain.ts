import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSizeBytes } from '../../src/config/size.ts';
import { type FragmentedDatabase, makeFragmentedDatabase } from './fragmented-database.ts';
import { agentsDefrag } from './maintain/agents-defrag.ts';
import { compaction } from './maintain/compaction.ts';
import { defragReport } from './maintain/defrag-report.ts';
import { etcdctlDefrag } from './maintain/etcdctl-defrag.ts';
import { failOver } from './maintain/fail-over.ts';
import { idleCost } from './maintain/idle-cost.ts';
import type { MaintainRun } from './maintain/run.ts';
import { machine } from './processes.ts';

const parts = ['A', 'B', 'C', 'D', 'E'];

const options = {
  part: { type: 'string', default: parts.join(',') },
  size: { type: 'string', default: '1GiB' },
  writes: { type: 'string', default: '500' },
  reads: { type: 'string', default: '2000' },
  minutes: { type: 'string' },
  repetitions: { type: 'string', default: '5' },
  etcd: { type: 'string', default: '3.5' },
  set: { type: 'string', multiple: true, default: [] as string[] },
} as const;

/**
 * What the agents' own work costs whoever uses the cluster, three members each time, in parts that `--part A,B` chooses from:
 * A `etcdctl defrag --cluster` and B the agents' defragmentation, side by side, on a database of 1 GiB (`--size 64MiB`)
 * that is half free and equal to the last byte, under a load of 500 writes and 2000 reads a second (`--writes`, `--reads`);
 * C their compaction against the two minutes before; D what they ask of an idle cluster in three minutes (`--minutes N` for
 * both); E how long nobody leads after a kill (`--repetitions 5`). `--set key=value` goes to the agents, `--etcd 3.4` to the
 * cluster.
 */
export async function maintain(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options });
  const size = parseSizeBytes(values.size);
  if ('problem' in size) {
    throw new Error(`--size ${values.size}: ${size.problem}`);
  }
  const chosen = values.part.toUpperCase().split(',');
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-bench-database-'));
  const version = values.etcd === '3.4' ? '3.4' : '3.5';
  let database: Promise<FragmentedDatabase> | undefined;
  const run: MaintainRun = {
    version,
    rates: { writesPerSecond: Number(values.writes), readsPerSecond: Number(values.reads) },
    minutes: { beforeCompaction: Number(values.minutes ?? 2), idle: Number(values.minutes ?? 3) },
    repetitions: Number(values.repetitions),
    set: Object.fromEntries(values.set.map((each) => each.split('=', 2) as [string, string])),
    database: () => {
      database ??= makeFragmentedDatabase(folder, size.value, version);
      return database;
    },
  };
  console.log(
    `maintain, parts ${chosen.join(', ')}: database of ${values.size}, ${values.writes} writes/s and ${values.reads} reads/s, etcd ${version}, on ${machine()}`,
  );
  try {
    await measure(run, chosen);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(run: MaintainRun, chosen: readonly string[]): Promise<void> {
  const etcdctl = await attempt('A', chosen, () => etcdctlDefrag(run));
  const agents = await attempt('B', chosen, () => agentsDefrag(run));
  if (etcdctl !== undefined || agents !== undefined) {
    show(defragReport(etcdctl, agents));
  }
  for (const [part, report] of [['C', compaction] as const, ['D', idleCost] as const, ['E', failOver] as const]) {
    show(await attempt(part, chosen, () => report(run)));
  }
}

/** Measures one part, if it is asked for. One that fails says so, and the others are measured nevertheless. */
async function attempt<T>(
  part: string,
  chosen: readonly string[],
  measurement: () => Promise<T>,
): Promise<T | undefined> {
  if (!chosen.includes(part)) {
    return undefined;
  }
  try {
    console.error(`${new Date().toISOString()} part ${part}`);
    return await measurement();
  } catch (error) {
    console.error(`part ${part} could not be measured:`, error);
    process.exitCode = 1;
    return undefined;
  }
}

function show(report: string | undefined): void {
  if (report !== undefined) {
    console.log(`\n${report}`);
  }
}

import { parseArgs } from 'node:util';
import { machine } from '../bench/processes.ts';
import { type AlertResult, alertRun } from './alert-run.ts';
import { alertFaults, byItsRuleMs } from './faults.ts';
import { type QuietResult, quietRun } from './quiet-run.ts';
import { startWatchedCluster, type WatchedCluster } from './watched-cluster.ts';

const USAGE = `usage: npm run test:alerts -- [--factor 20] [--faults a,b] [--quiet 30m] [--keep]
  Real etcds, agents, Prometheus and Alertmanager; faults are brought about one after the other, and the right alert has to reach a webhook.
  --factor N    every duration of the rules and routes is divided by it
  --faults a,b  only these of ${alertFaults.map(({ name }) => name).join(', ')}
  --quiet 30m   no faults: rolling restarts and defragmentations for so long, and nobody may be paged
  --keep        leaves data and logs behind, and says where`;
const MOST_SERIES = 1500;

function parseSpan(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const unitMs = { s: 1000, m: 60_000, h: 3_600_000 }[unit ?? ''];
  if (unitMs === undefined) throw new Error(`${text} is no duration, such as 90s or 30m`);
  return Number(count) * unitMs;
}

function faultText(result: AlertResult, factor: number): string {
  const { fault, alert, toldSeconds, resolvedSeconds, inhibited, also, after } = result;
  const struck = alertFaults.find(({ name }) => name === fault);
  const rule = struck === undefined ? 0 : byItsRuleMs(struck, factor) / 1000;
  const seconds = [rule, toldSeconds, resolvedSeconds].map((each) => `${each.toFixed(1)} s`);
  const others = [inhibited, also, after].map((each) => each.join(', ') || '-');
  return `| ${[fault, alert, ...seconds, ...others].join(' | ')} |`;
}

function costText({ cost }: Pick<AlertResult | QuietResult, 'cost'>): string {
  const { slowestGroupSeconds, allGroupsSeconds, seriesPerAgent } = cost;
  const ms = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
  const verdict = seriesPerAgent <= MOST_SERIES ? 'OK' : 'MISSED';
  return `rules: slowest group ${ms(slowestGroupSeconds)}, all groups ${ms(allGroupsSeconds)}; series per agent ${seriesPerAgent} (at most ${MOST_SERIES}: ${verdict})`;
}

async function tryFaults(watched: WatchedCluster, names: readonly string[], factor: number): Promise<number> {
  console.log(
    '| fault | alert | by its rule | fault to webhook | mended to webhook | inhibited | told besides | told afterwards |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  let failed = 0;
  let dearest: AlertResult | undefined;
  for (const fault of alertFaults.filter(({ name }) => names.includes(name))) {
    try {
      await using monitoring = await watched.watch(factor);
      const result = await alertRun(watched, monitoring, fault);
      console.log(faultText(result, factor));
      if (result.cost.allGroupsSeconds >= (dearest?.cost.allGroupsSeconds ?? 0)) dearest = result;
    } catch (error) {
      failed += 1;
      console.log(`| ${fault.name} | ${fault.alert} | FAILED: ${String(error).split('\n')[0]} | | | | | |`);
      await watched.ground.cluster.untilWell(undefined, 240_000);
    }
  }
  if (dearest !== undefined) console.log(`\n${costText(dearest)}`);
  return failed;
}

async function beQuiet(watched: WatchedCluster, forMs: number, factor: number): Promise<number> {
  await using monitoring = await watched.watch(factor);
  const result = await quietRun(watched, monitoring, forMs);
  const { seconds, restarts, defragmentations, pages, tickets } = result;
  const named = (told: typeof pages): string => [...new Set(told.map(({ alert }) => alert))].join(', ') || 'none';
  console.log(
    `quiet for ${seconds.toFixed(0)} s: ${restarts} restarts, ${defragmentations} defragmentations of all members`,
  );
  console.log(`pages: ${named(pages)} (${pages.length === 0 ? 'OK' : 'MISSED'}); tickets: ${named(tickets)}`);
  console.log(costText(result));
  return pages.length;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      factor: { type: 'string', default: '20' },
      faults: { type: 'string', default: alertFaults.map(({ name }) => name).join(',') },
      quiet: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const factor = Number(values.factor);
  const names = values.faults.split(',');
  const unknown = names.filter((name) => !alertFaults.some((fault) => fault.name === name));
  if (values.help || !(factor >= 1) || unknown.length > 0) {
    console.error(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  console.log(`${machine()}; durations of rules and routes divided by ${factor}\n`);
  const watched = await startWatchedCluster();
  try {
    const failed =
      values.quiet === undefined
        ? await tryFaults(watched, names, factor)
        : await beQuiet(watched, parseSpan(values.quiet), factor);
    process.exitCode = failed > 0 ? 1 : 0;
  } finally {
    if (values.keep) console.log(`kept in ${watched.ground.cluster.folder}`);
    await watched.close(values.keep);
  }
}

// Whatever runs is ended by those who have started it, as the process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { parseSizeBytes } from '../../src/config/size.ts';
import { median, targetLine } from './backup/target.ts';
import { ManualGround } from './heal/manual.ts';
import type { HealPlan, Measured } from './heal/plan.ts';
import { allKilled, awayMs, dataWiped, machineEmptied, processKilled } from './heal/strikes.ts';
import { TendedGround } from './heal/tended-ground.ts';
import { machine } from './processes.ts';

const options = {
  runs: { type: 'string', default: '10' },
  part: { type: 'string' },
  size: { type: 'string', default: '100MiB' },
  writes: { type: 'string', default: '200' },
  etcd: { type: 'string', default: '3.5' },
  set: { type: 'string', multiple: true, default: [] as string[] },
} as const;

/** What agents and recipes are measured on: what is struck, and within what it has to be over. */
interface Part {
  readonly what: string;
  readonly secondsAtMost?: number;
  /** Of what is missing, in seconds before the end. */
  readonly missingAtMost?: number;
  readonly set?: Readonly<Record<string, string>>;
  /** Each run needs a cluster of its own: nothing is as before afterwards. */
  readonly anew?: boolean;
  readonly agents: (ground: TendedGround, run: number) => Promise<Measured>;
  readonly manual: (ground: ManualGround, run: number) => Promise<Measured>;
}

const quorumLoss = { 'heal.quorumLoss': 'auto', 'heal.quorumLossAfter': '5s', 'backup.delta.interval': '1s' };

const parts: Readonly<Record<string, Part>> = {
  process: {
    what: 'process killed → serving again',
    secondsAtMost: 2,
    agents: processKilled,
    manual: (ground, run) => ground.processKilled(run),
  },
  wipe: {
    what: 'data dir wiped → voter again',
    secondsAtMost: 20,
    agents: dataWiped,
    manual: (ground, run) => ground.dataWiped(run),
  },
  machine: {
    what: `machine gone for ${awayMs / 1000} s and back empty → voter again`,
    secondsAtMost: 40,
    set: { 'heal.replaceAfter': '10s' },
    agents: machineEmptied,
    manual: (ground, run) => ground.dataWiped(run),
  },
  intact: {
    what: 'all killed with disks intact → writable again',
    missingAtMost: 0,
    agents: (ground) => allKilled(ground, 0),
    manual: (ground) => ground.allIntact(),
  },
  'all-wiped': {
    what: 'all killed and wiped → writable again',
    secondsAtMost: 60,
    missingAtMost: 2,
    set: quorumLoss,
    anew: true,
    agents: (ground) => allKilled(ground, 3),
    manual: (ground) => ground.allWiped(),
  },
  'one-disk': {
    what: 'all killed, one disk of three left → writable again',
    set: quorumLoss,
    anew: true,
    agents: (ground) => allKilled(ground, 2),
    manual: (ground) => ground.oneDiskLeft(),
  },
};

/**
 * How long it takes until a cluster of three is well again, under 200 writes a second (`--writes`) with a database of 100 MiB
 * (`--size`): medians of `--runs`, for each part (`--part wipe`; default all), with the agents of the built package and
 * `--set key=value`, and beside it the recipe of an operator as a script that knows at once what is wrong.
 */
export async function heal(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options });
  const size = parseSizeBytes(values.size);
  if ('problem' in size) throw new Error(`--size ${values.size}: ${size.problem}`);
  if (values.part !== undefined && !Object.hasOwn(parts, values.part)) {
    throw new Error(`there is no part ${values.part}: ${Object.keys(parts).join(', ')}`);
  }
  const plan: HealPlan = {
    version: values.etcd === '3.4' ? '3.4' : '3.5',
    writesPerSecond: Number(values.writes),
    databaseBytes: size.value,
    runs: Number(values.runs),
    set: Object.fromEntries(values.set.map((each) => each.split('=', 2) as [string, string])),
  };
  // The exit ends what was started: who is asked to end must come to it.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
  console.log(
    `heal, ${values.runs} runs: three members of etcd ${plan.version}, ${values.size}, ${values.writes} writes/s, on ${machine()}`,
  );
  for (const [name, part] of Object.entries(parts)) {
    if (values.part !== undefined && values.part !== name) continue;
    await measured(part, plan).catch((error: unknown) => {
      console.error(`part ${name} could not be measured:`, error);
      process.exitCode = 1;
    });
  }
}

async function measured(part: Part, plan: HealPlan): Promise<void> {
  console.log(`\n${part.what}`);
  const agents = await runs(
    () => TendedGround.start(plan, part.set),
    part.agents,
    (ground) => ground.untilCalm(),
    part,
    plan,
  );
  report(part, agents);
  const manual = await runs(
    () => ManualGround.start(plan),
    part.manual,
    async () => undefined,
    part,
    plan,
  );
  console.log(`  an operator's recipe, scripted: ${figures(manual)}; load ${loadavg()[0]?.toFixed(1)}`);
}

/** On one cluster, or on a new one each time. */
async function runs<Ground extends AsyncDisposable>(
  start: () => Promise<Ground>,
  strike: (ground: Ground, run: number) => Promise<Measured>,
  calm: (ground: Ground) => Promise<void>,
  { anew = false }: Part,
  plan: HealPlan,
): Promise<readonly Measured[]> {
  const all: Measured[] = [];
  while (all.length < plan.runs) {
    await using ground = await start();
    do {
      await calm(ground);
      all.push(await strike(ground, all.length));
    } while (!anew && all.length < plan.runs);
  }
  return all;
}

function report({ what, secondsAtMost, missingAtMost }: Part, all: readonly Measured[]): void {
  console.log(`  agents: ${figures(all)}; load ${loadavg()[0]?.toFixed(1)}`);
  if (secondsAtMost !== undefined) {
    console.log(targetLine(what, median(all.map(({ seconds }) => seconds)), 's', { atMost: secondsAtMost }));
  }
  const [more] = all
    .flatMap(({ missing = 0, planned }) => (planned === undefined ? [] : [missing - planned]))
    .toSorted((a, b) => b - a);
  if (more !== undefined)
    console.log(
      targetLine(`${what}: writes missing beyond what the plan had said, at worst`, Math.max(0, more), 'writes', {
        atMost: 0,
      }),
    );
  if (missingAtMost !== undefined) {
    const worst = Math.max(...all.map(({ missingSeconds = 0 }) => missingSeconds));
    console.log(
      targetLine(`${what}: the last seconds of writes missing, at worst`, worst, 's', { atMost: missingAtMost }),
    );
  }
}

function figures(all: readonly Measured[]): string {
  const seconds = all.map((each) => each.seconds);
  const missing = all.flatMap((each) => each.missing ?? []);
  const said = `median ${median(seconds).toFixed(1)} s, longest ${Math.max(...seconds).toFixed(1)} s`;
  if (missing.length === 0) return said;
  const worst = Math.max(...all.map(({ missingSeconds = 0 }) => missingSeconds));
  const planned = all.flatMap((each) => each.planned ?? []);
  const stated = planned.length === 0 ? '' : ` (the plan had said at most ${planned.join(', ')})`;
  return `${said}; acknowledged writes missing: ${missing.join(', ')}, of the last ${worst.toFixed(2)} s${stated}`;
}

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseDurationMs } from '../../src/config/duration.ts';
import { median } from './backup/target.ts';
import { clientFaults } from './diagnose/client-faults.ts';
import type { DiagnosedFault } from './diagnose/fault.ts';
import { DiagnoseGround, nameOf } from './diagnose/ground.ts';
import { machineFaults } from './diagnose/machine-faults.ts';
import { measured, type Outcome } from './diagnose/measure.ts';
import { memberFaults } from './diagnose/member-faults.ts';
import { networkFaults } from './diagnose/network-faults.ts';
import { machine } from './processes.ts';

const options = {
  runs: { type: 'string', default: '5' },
  fault: { type: 'string', multiple: true, default: [] as string[] },
  /** How long a fault lasts: long enough for a person to ask, and for a verdict that is wrong to show. */
  lasts: { type: 'string', default: '75s' },
  /** How long it is waited until nothing is named any more. */
  patience: { type: 'string', default: '150s' },
  /** Begins also while something is named, as on a machine that is busy with other things: to try a fault out. */
  anyway: { type: 'boolean', default: false },
  healthy: { type: 'string' },
  set: { type: 'string', multiple: true, default: [] as string[] },
} as const;

const catalogue: readonly DiagnosedFault[] = [...machineFaults, ...networkFaults, ...memberFaults, ...clientFaults];

const targetShare = 0.95;
const lookEveryMs = 2000;
/** On a busy machine an agent now and then takes longer than its asker waits. */
const leastAnswered = 0.99;

/** What all runs have in common. */
interface Plan {
  readonly runs: number;
  readonly lastsMs: number;
  readonly patienceMs: number;
  readonly anyway: boolean;
  readonly set: Readonly<Record<string, string>>;
}

/** What came of one fault. */
interface Result {
  readonly fault: DiagnosedFault;
  readonly outcomes: Outcome[];
  /** Runs that were not begun, since something was named before: a machine that is busy with other things. */
  disturbed: number;
}

/**
 * Faults that are really injected, and whether the agents of the built package name them: `--runs` of each (default 5), all
 * of them or those of `--fault NAME`. With `--healthy 1h` nothing is injected, and nothing may be named.
 */
export async function diagnose(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options });
  const unknown = values.fault.filter((name) => catalogue.every((each) => each.name !== name));
  if (unknown.length > 0) {
    throw new Error(`there is no fault ${unknown.join(', ')}: ${catalogue.map(({ name }) => name).join(', ')}`);
  }
  const plan: Plan = {
    runs: Number(values.runs),
    lastsMs: durationMs(values.lasts),
    patienceMs: durationMs(values.patience),
    anyway: values.anyway,
    set: Object.fromEntries(values.set.map((each) => each.split('=', 2) as [string, string])),
  };
  // The exit ends what was started: who is asked to end must come to it.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
  console.log(`diagnose: three members of etcd 3.5 and their agents, 50 writes/s, on ${machine()}`);
  if (values.healthy !== undefined) {
    await healthy(values.healthy, plan);
    return;
  }
  const chosen = catalogue.filter(({ name }) => values.fault.length === 0 || values.fault.includes(name));
  const results: Result[] = [];
  for (const group of Map.groupBy(chosen, groundOf).values()) results.push(...(await measuredTogether(group, plan)));
  report(results, plan.runs);
}

/** Faults that can be undone share a cluster. */
function groundOf({ ground, anew, name }: DiagnosedFault): string {
  return anew === true ? name : JSON.stringify(ground ?? {});
}

async function measuredTogether(faults: readonly DiagnosedFault[], plan: Plan): Promise<readonly Result[]> {
  const results = faults.map((fault): Result => ({ fault, outcomes: [], disturbed: 0 }));
  const todo = results.flatMap((result) => Array.from({ length: plan.runs }, (_, run) => ({ result, run })));
  while (todo.length > 0) {
    const { ground: options = {}, anew = false } = todo[0]?.result.fault ?? {};
    const before = todo.length;
    try {
      await using ground = await DiagnoseGround.start({ ...options, set: { ...options.set, ...plan.set } });
      do {
        const next = todo.shift();
        if (next === undefined) break;
        await one(next.result, ground, next.run, plan);
      } while (!anew);
    } catch (error) {
      // The rest of them goes on with a new cluster; where none comes up at all, this one counts as tried.
      console.error('a run could not be measured:', error);
      process.exitCode = 1;
      if (todo.length === before) todo.shift();
    }
  }
  return results;
}

async function one(result: Result, ground: DiagnoseGround, run: number, plan: Plan): Promise<void> {
  const { fault } = result;
  const left = fault.isThere === true ? undefined : await ground.untilCalm(plan.patienceMs);
  if (left !== undefined && !plan.anyway) {
    result.disturbed += 1;
    console.log(`  disturbed ${fault.name} ${run + 1}: named before it began: ${left}; load ${load()}`);
    return;
  }
  const outcome = await measured(fault, ground, run, plan.lastsMs);
  result.outcomes.push(outcome);
  console.log(lineOf(fault, run, outcome));
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

function lineOf({ name }: DiagnosedFault, run: number, { isRight, seconds, tops, others }: Outcome): string {
  const when = seconds === undefined ? 'never named' : `named after ${seconds.toFixed(0)} s`;
  const rest = others.length === 0 ? '' : `; others: ${others.join(', ')}`;
  return `  ${isRight ? 'right' : 'WRONG'} ${name} ${run + 1}: ${when}; at the end ${tops.join(' | ')}${rest}; load ${load()}`;
}

function report(results: readonly Result[], runs: number): void {
  console.log(
    '\n| fault | what happens | runs | top verdict right | others named | seconds until named (median, longest) |\n|---|---|---|---|---|---|',
  );
  for (const { fault, outcomes } of results) {
    const seconds = outcomes.flatMap((each) => each.seconds ?? []);
    const others = new Set(outcomes.flatMap((each) => each.others.map((text) => text.replace(/ of m\d+$/, ''))));
    const times = seconds.length === 0 ? '' : `${median(seconds).toFixed(0)}, ${Math.max(...seconds).toFixed(0)}`;
    const right = outcomes.filter(({ isRight }) => isRight).length;
    console.log(
      `| ${fault.name} | ${fault.what} | ${outcomes.length} | ${right} | ${[...others].join(', ')} | ${times} |`,
    );
  }
  const all = results.flatMap(({ outcomes }) => outcomes);
  const right = all.filter(({ isRight }) => isRight).length;
  const share = right / Math.max(1, all.length);
  const disturbed = results.reduce((sum, each) => sum + each.disturbed, 0);
  console.log(
    `\n${right} of ${all.length} right (${(share * 100).toFixed(1)} %), the target is ${targetShare * 100} %; ${disturbed} runs were not begun, since something was named before`,
  );
  const short = results.filter(({ outcomes }) => outcomes.length < runs).map(({ fault }) => fault.name);
  if (short.length > 0) console.log(`fewer runs than asked for: ${short.join(', ')}`);
  if (share < targetShare || short.length > 0) process.exitCode = 1;
}

function durationMs(text: string): number {
  const duration = parseDurationMs(text);
  if ('problem' in duration) throw new Error(`${text}: ${duration.problem}`);
  return duration.value;
}

async function healthy(text: string, { patienceMs, set }: Plan): Promise<void> {
  const lastsMs = durationMs(text);
  await using ground = await DiagnoseGround.start({ set });
  const left = await ground.untilCalm(patienceMs);
  if (left !== undefined) console.log(`still named before it begins: ${left}`);
  const named = new Map<string, number>();
  const startMs = performance.now();
  let [looks, answers] = [0, 0];
  while (performance.now() - startMs < lastsMs) {
    const said = await ground.said();
    looks += ground.cluster.members.length;
    answers += said.size;
    for (const [agent, causes] of said) {
      for (const cause of causes) {
        const key = `${agent}: ${nameOf(cause)}`;
        if (!named.has(key)) {
          const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
          console.log(`  after ${seconds} s ${key}: ${cause.evidence.join('; ')}; load ${load()}`);
        }
        named.set(key, (named.get(key) ?? 0) + 1);
      }
    }
    await sleep(lookEveryMs);
  }
  const answered = `the agents answered ${answers} of ${looks} times`;
  console.log(
    named.size === 0
      ? `${text} of healthy load: nothing was named; ${answered}`
      : `${text} of healthy load: ${named.size} verdicts were named; ${answered}`,
  );
  // An agent that does not answer says nothing, and proves nothing.
  if (named.size > 0 || answers < leastAnswered * looks) process.exitCode = 1;
}

import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseDurationMs } from '../../../src/config/duration.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import { faultsNamed } from './catalogue.ts';
import { type FaultResult, type HealRunResult, healRun } from './heal-run.ts';
import { summaryTable } from './summary.ts';

export interface HealFlags {
  readonly runs: string;
  readonly seed: string;
  readonly for: string;
  readonly members: string;
  readonly version: string;
  readonly faults?: string;
  readonly each: boolean;
  /** Every result is written there too, one JSON object a line. */
  readonly record?: string;
  readonly summary: boolean;
  readonly set: readonly string[];
  /** How long the cluster may take to be well again. */
  readonly patience: string;
  /** Milliseconds. */
  readonly 'election-timeout'?: string;
  /** The agents are those of `dist/`, which start faster. */
  readonly built: boolean;
}

const BUILT = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/** Runs with one seed after the other; gives how many have failed. Throws where a flag is none. */
export async function runHealing(flags: HealFlags): Promise<number> {
  const forMs = parseDurationMs(flags.for);
  if ('problem' in forMs) throw new Error(`--for: ${forMs.problem}`);
  const patienceMs = parseDurationMs(flags.patience);
  if ('problem' in patienceMs) throw new Error(`--patience: ${patienceMs.problem}`);
  const [runs, first, members] = [Number(flags.runs), Number(flags.seed), Number(flags.members)];
  const version: EtcdLine = flags.version === '3.4' ? '3.4' : '3.5';
  const faults = faultsNamed(flags.faults?.split(','), members);
  // The exit ends what was started: who is asked to end must come to it.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
  let failed = 0;
  const all: FaultResult[] = [];
  for (let seed = first; seed < first + runs; seed += 1) {
    console.log(`seed ${seed}, ${members} members, etcd ${version}`);
    const note = (result: FaultResult): void => {
      all.push(result);
      // At once: who ends a run in the middle has seen what came before all the same.
      if (flags.record !== undefined) record(flags.record, { seed, members, version, ...result });
      console.log(`  ${new Date().toISOString().slice(11, 19)} ${lineOf(result)}`);
    };
    const set = Object.fromEntries(flags.set.map((each) => each.split('=', 2) as [string, string]));
    const electionMs = flags['election-timeout'];
    const options = {
      ...{ seed, members, version, faults, set, forMs: forMs.value, patienceMs: patienceMs.value },
      ...(electionMs === undefined ? {} : { electionMs: Number(electionMs) }),
      ...(flags.built ? { main: BUILT } : {}),
    } as const;
    const result = await healRun({ ...options, each: flags.each, onFault: note }).catch((error: unknown) =>
      String(error),
    );
    if (typeof result === 'string' || result.problems.length > 0) failed += 1;
    console.log(
      typeof result === 'string' ? `seed ${seed} FAILED before it had begun: ${result}` : textOf(seed, result),
    );
    if (flags.record !== undefined && typeof result !== 'string') {
      record(flags.record, { seed, members, version, run: runOf(result) });
    }
  }
  if (flags.summary) console.log(`\n${summaryTable(flags.record === undefined ? all : await recorded(flags.record))}`);
  console.log(`${runs} runs: ${runs - failed} well, ${failed} not`);
  return failed;
}

/** All results of this run and of those before it. */
async function recorded(file: string): Promise<readonly FaultResult[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line): FaultResult => JSON.parse(line)).filter((each) => 'fault' in each);
}

function record(file: string, line: Readonly<Record<string, unknown>>): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** What only the end of a run tells. */
function runOf({ results, verdict, problems, acknowledged, lost }: HealRunResult): Readonly<Record<string, unknown>> {
  const { operations, keys, givenUp, missing } = verdict;
  return { faults: results.length, problems: problems.length, acknowledged, lost, operations, keys, givenUp, missing };
}

function lineOf({ fault, text, seconds, longestGapSeconds, problem, loss }: FaultResult): string {
  if (problem !== undefined) return `${fault} FAILED: ${problem}`;
  const { stated } = loss ?? {};
  const atMost = stated === undefined ? 'nobody could say what' : `${stated.writes} writes of ${stated.seconds} s`;
  const said = loss === undefined ? '' : `; may be missing: ${atMost}`;
  return `${fault}: well again after ${seconds.toFixed(1)} s, no write for ${longestGapSeconds.toFixed(1)} s (${text}${said})`;
}

function textOf(seed: number, result: HealRunResult): string {
  const { results, verdict, problems, operations, acknowledged, lost, folder } = result;
  const done = [...operations].map(([name, count]) => `${count} ${name}`).join(', ');
  const said = `${results.length} faults; ${acknowledged} writes acknowledged, ${lost} unknown; ${verdict.operations} calls on ${verdict.keys} keys judged, ${verdict.givenUp} keys given up, ${verdict.forgiven} writes missing since a quorum was lost; operations: ${done || 'none'}`;
  if (problems.length === 0) return `seed ${seed} ok (${said})`;
  return `seed ${seed} FAILED (${said})\n  ${problems.join('\n  ')}\n  kept: ${folder}`;
}

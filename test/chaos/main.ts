import { parseArgs } from 'node:util';
import { runBackups } from './backup/run-backups.ts';
import { type ChaosCluster, startChaosCluster } from './chaos-cluster.ts';
import { type FaultPoint, isChange, parsePoint, pointText } from './fault-point.ts';
import { faultRun, pointsOf, type RunResult } from './fault-run.ts';
import { runHealing } from './heal/run-heal.ts';
import { type ChangingOperation, changingOperations } from './operations.ts';
import { runMembership } from './run-membership.ts';

const USAGE = `usage: npm run chaos -- --enumerate [--operation NAME] [--from K] [--share I/N] [--changes]
       npm run chaos -- --operation NAME --point "slot#1 after"
       npm run chaos -- --membership
       npm run chaos -- --backup [--runs N] [--seed S] [--for 60s]
       npm run chaos -- --seed S [--for 10m] [--runs N] [--members 3] [--version 3.5] [--faults a,b [--each]] [--summary]
  --enumerate   kills the leading agent before and after every call of every operation, one run for each
  --operation   only this one of ${changingOperations.join(', ')}
  --from K      begins with the K-th point of each operation
  --share I/N   only every N-th point, from the I-th on: N such runs side by side make all of them
  --changes     only calls that change something: what an operation looks at in between is left out
  --logs        prints the end of the agents' logs after each run
  --membership  ends the leading agent before and after every step of a replacement, on etcd 3.4 and 3.5
  --backup      kills agents, members and stores under random writes, then restores and compares; what a run
                is made of comes from its seed: --seed is that of the first, each next one is one higher
  --seed        alone: agents that tend a cluster under load, and faults drawn from the seed, one after the other; then the
                load is judged. --faults names those to draw from, --each has each of them once, in order
  --summary     prints how often each fault was brought about and what came of it, as a table
  --record FILE writes each result there too, as a line of JSON; with --summary the table is of all that stands there
  --set K=V     a setting of the agents
  --patience 3m how long the cluster may take to be well again after a fault
  --election-timeout MS   of etcd, where the machine is busy with other things
  --built       the agents of dist/ (npm run build), which start faster`;

/** The cluster of the runs; after a failure it is thrown away, and the next run gets a new one. */
class Ground {
  #chaos: ChaosCluster | undefined;

  async run(operation: ChangingOperation, point?: FaultPoint): Promise<RunResult> {
    this.#chaos ??= await startChaosCluster();
    try {
      return await faultRun(this.#chaos, operation, point);
    } catch (error) {
      this.#report(this.#chaos);
      await this.clear();
      throw error;
    }
  }

  tails(): void {
    if (this.#chaos !== undefined) this.#report(this.#chaos);
  }

  async clear(): Promise<void> {
    await this.#chaos?.[Symbol.asyncDispose]();
    this.#chaos = undefined;
  }

  /** What the agents have said last, for whoever looks into it. */
  #report({ agents }: ChaosCluster): void {
    for (const agent of agents) console.log(`--- ${agent.member}${agent.running ? '' : ' (dead)'}\n${agent.logTail()}`);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      enumerate: { type: 'boolean', default: false },
      operation: { type: 'string' },
      from: { type: 'string', default: '1' },
      share: { type: 'string', default: '1/1' },
      point: { type: 'string' },
      changes: { type: 'boolean', default: false },
      logs: { type: 'boolean', default: false },
      membership: { type: 'boolean', default: false },
      backup: { type: 'boolean', default: false },
      runs: { type: 'string', default: '1' },
      seed: { type: 'string' },
      for: { type: 'string', default: '60s' },
      members: { type: 'string', default: '3' },
      version: { type: 'string', default: '3.5' },
      faults: { type: 'string' },
      each: { type: 'boolean', default: false },
      summary: { type: 'boolean', default: false },
      record: { type: 'string' },
      patience: { type: 'string', default: '3m' },
      'election-timeout': { type: 'string' },
      built: { type: 'boolean', default: false },
      set: { type: 'string', multiple: true, default: [] as string[] },
    },
  });
  if (values.backup) {
    const seed = values.seed ?? String(Date.now() % 100_000);
    process.exitCode = (await runBackups({ ...values, seed })) > 0 ? 1 : 0;
    return;
  }
  if (values.membership) {
    process.exitCode = (await runMembership()) > 0 ? 1 : 0;
    return;
  }
  if (!values.enumerate && values.seed !== undefined) {
    process.exitCode = (await runHealing({ ...values, seed: values.seed })) > 0 ? 1 : 0;
    return;
  }
  const { operation, point } = values;
  const names = changingOperations.filter((name) => operation === undefined || name === operation);
  if (names.length === 0 || (!values.enumerate && (point === undefined || operation === undefined))) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const [share = 1, shares = 1] = values.share.split('/').map(Number);
  const ground = new Ground();
  let failed = 0;
  let done = 0;
  let missed = 0;
  try {
    for (const name of names) {
      const points = point === undefined ? await pointsFor(ground, name, values.changes) : [parsePoint(point)];
      for (const [index, each] of points.entries()) {
        if (index + 1 < Number(values.from) || index % shares !== share - 1) continue;
        const result = await attempt(ground, name, each);
        done += 1;
        if ('problems' in result ? result.problems.length > 0 : true) failed += 1;
        if ('killed' in result && !result.killed) missed += 1;
        if (values.logs) ground.tails();
        console.log(`${name} ${index + 1}/${points.length} ${pointText(each)}: ${textOf(result)}`);
      }
    }
  } finally {
    await ground.clear();
  }
  console.log(`${done} fault points: ${done - failed} well, ${failed} not; ${missed} of them were not come to`);
  if (failed > 0) process.exitCode = 1;
}

/** From an undisturbed run, which must be well itself. */
async function pointsFor(
  ground: Ground,
  name: ChangingOperation,
  onlyChanges: boolean,
): Promise<readonly FaultPoint[]> {
  const calm = await ground.run(name);
  console.log(`${name} undisturbed: ${textOf(calm)}`);
  return pointsOf(calm.calls).filter(({ call }) => !onlyChanges || isChange(call));
}

async function attempt(
  ground: Ground,
  name: ChangingOperation,
  point: FaultPoint,
): Promise<RunResult | { readonly error: unknown }> {
  return ground.run(name, point).catch((error: unknown) => ({ error }));
}

function textOf(result: RunResult | { readonly error: unknown }): string {
  if ('error' in result) return `FAILED ${result.error instanceof Error ? result.error.message : result.error}`;
  const { killed, entry, seconds, acknowledged, problems } = result;
  const how = entry === undefined ? 'no entry' : `${entry.outcome}${entry.code === undefined ? '' : ` ${entry.code}`}`;
  const said = `${how}, ${seconds.toFixed(1)} s, ${acknowledged} writes${killed ? '' : ', not come to'}`;
  return problems.length === 0 ? `ok (${said})` : `FAILED (${said}) ${problems.join('; ')}`;
}

await main();

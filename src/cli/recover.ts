import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { AgentError } from '../cluster/agent-error.ts';
import type { AgentClient } from './agent-client.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { askOne } from './any-agent.ts';
import { exitCodes } from './exit-codes.ts';
import { printed } from './printed.ts';
import { type PlanJson, planReply, planText, type RunJson, runReply, stepText } from './recover/text.ts';
import { parseRevision } from './restore/point.ts';

const PATH = '/api/v1/recovery';
/** To ask all agents and all stores may take longer than a read. */
const PLAN_TIMEOUT_MS = 180_000;
const POLL_MS = 500;

interface RecoverOptions extends AgentOptions {
  readonly apply?: boolean;
  readonly lost: readonly string[];
  readonly toRevision?: bigint;
  readonly output: 'table' | 'json' | 'yaml';
}

/** `recover`: what is to be done about a lost quorum, what may be missing afterwards, and to do it. */
export function recoverCommand(): Command {
  const command = new Command('recover')
    .description('bring back a cluster that has lost its quorum, and say before what may be missing')
    .option('--apply', 'do it; without it nothing is changed')
    .option('--lost <name>', 'this member is gone for good, with its machine and disk; repeatable', collect, [])
    .option('--to-revision <n>', 'instead, have a cluster that runs go back to this revision of a store', parseRevision)
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    )
    .addHelpText(
      'after',
      `
Any agent can be asked: the agents find each other without etcd (cluster.peers, and the last member list). Exit codes: 0 there is nothing
to do, or it was done; 1 there is something to do, it is not allowed yet, or it failed. If it is cut off, run it again.

Examples:
  etcd-caretaker recover
  etcd-caretaker recover --lost m3
  etcd-caretaker recover --lost m3 --apply
  etcd-caretaker recover --to-revision 120000`,
    );
  return agentOptions(command).action(async (options: RecoverOptions) => {
    const agents = await agentsOf(options);
    await askOne(agents, (agent) => recover(agent, options));
  });
}

async function recover(agent: AgentClient, { apply = false, lost, toRevision, output }: RecoverOptions): Promise<void> {
  const wish = { lost, ...(toRevision === undefined ? {} : { toRevision: String(toRevision) }) };
  const json = await agent.post(`${PATH}/plan`, wish, AbortSignal.timeout(PLAN_TIMEOUT_MS));
  const plan = planReply(agent.url, json);
  if (!apply) {
    process.stdout.write(output === 'table' ? planText(plan, lost) : await printed(json, output));
    process.exitCode = plan.kind === 'none-needed' ? exitCodes.fine : exitCodes.fault;
    return;
  }
  if (output === 'table') process.stdout.write(planText(plan, lost));
  if (plan.kind === 'none-needed' || plan.kind === 'impossible' || !mayBegin(plan)) {
    if (output !== 'table') process.stdout.write(await printed(json, output));
    process.exitCode = plan.kind === 'none-needed' ? exitCodes.fine : exitCodes.fault;
    return;
  }
  await agent.post(`${PATH}/run`, wish, AbortSignal.timeout(PLAN_TIMEOUT_MS));
  const run = await followed(agent, (line) => process.stderr.write(`${line}\n`));
  if (output !== 'table') process.stdout.write(await printed(await agent.get(PATH), output));
  if (run.outcome !== 'succeeded') {
    const { code = 'RECOVERY_FAILED', message = 'The recovery has failed.' } = run.fault ?? {};
    throw new AgentError(code, message, {
      remedy: 'Mend what it says, and run it again: what is done is not done twice.',
    });
  }
  if (output === 'table')
    process.stdout.write('The cluster is writable again. The other members join by themselves.\n');
}

/** What was begun before is gone on with. */
function mayBegin({ kind, reasons }: PlanJson): boolean {
  return kind !== 'hold' || reasons.some(({ code }) => code === 'ALREADY_PROMISED');
}

/** Tells each step as it comes; gives the end. */
async function followed(agent: AgentClient, say: (line: string) => void): Promise<RunJson> {
  let told = 0;
  for (;;) {
    const run = runReply(agent.url, await agent.get(PATH));
    for (const step of run.progress.slice(told)) say(stepText(step));
    told = run.progress.length;
    if (run.outcome !== 'running') return run;
    await sleep(POLL_MS);
  }
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

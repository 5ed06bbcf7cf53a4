import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import type { AgentClient } from '../agent-client.ts';
import { exitCodes } from '../exit-codes.ts';
import { printed } from '../printed.ts';
import { spinning } from '../spinner.ts';
import { type PlanJson, planReply, planText, type RunJson, runReply, stepText } from './text.ts';

const PATH = '/api/v1/recovery';
/** To ask all agents and all stores may take longer than a read. */
const PLAN_TIMEOUT_MS = 180_000;
const POLL_MS = 500;

/** What a person asks an agent for, as its API has it. */
export interface WishJson {
  readonly lost: readonly string[];
  readonly to?: 'latest';
  /** Decimal text. */
  readonly toRevision?: string;
  readonly toTimeMs?: number;
  readonly beforeDelete?: string;
  readonly store?: string;
}

export interface CarryOutOptions {
  /** Without it the plan is only shown. */
  readonly apply: boolean;
  readonly output: 'table' | 'json' | 'yaml';
}

/**
 * Shows the plan of an agent, has it carried out where that is asked for, and tells each step as it comes. Sets the exit code: 0 there is nothing
 * to do, or it was done; 1 there is something to do. Throws what the agent refuses with, and what the recovery failed with.
 */
export async function carryOut(agent: AgentClient, wish: WishJson, { apply, output }: CarryOutOptions): Promise<void> {
  const json = await spinning('asking all agents and stores', () =>
    agent.post(`${PATH}/plan`, wish, AbortSignal.timeout(PLAN_TIMEOUT_MS)),
  );
  const plan = planReply(agent.url, json);
  if (!apply) {
    process.stdout.write(output === 'table' ? planText(plan, wish.lost) : await printed(json, output));
    process.exitCode = plan.kind === 'none-needed' ? exitCodes.fine : exitCodes.fault;
    return;
  }
  if (output === 'table') process.stdout.write(planText(plan, wish.lost));
  if (plan.kind === 'none-needed' || plan.kind === 'impossible' || !mayBegin(plan)) {
    if (output !== 'table') process.stdout.write(await printed(json, output));
    process.exitCode = plan.kind === 'none-needed' ? exitCodes.fine : exitCodes.fault;
    return;
  }
  await agent.post(`${PATH}/run`, asPlanned(wish, plan), AbortSignal.timeout(PLAN_TIMEOUT_MS));
  const run = await spinning('recovering', (spinner) => followed(agent, (line) => spinner.say(line)));
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

/** What was shown is done: the newest revision, or that of five minutes ago, may be another one by now. */
function asPlanned(wish: WishJson, { toRevision, store }: PlanJson): WishJson {
  if (toRevision === undefined) return wish;
  return { lost: wish.lost, toRevision, ...(store === undefined ? {} : { store: store.url }) };
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

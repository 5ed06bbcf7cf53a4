import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { AgreedPlan, PlannedMember, PromiseView, RecoveryStep, StepView } from '../../cluster/recovery.ts';
import { type RecoverAgents, recoveryPaths } from './ports.ts';
import { stillLost } from './still-lost.ts';
import { evidenceFrom } from './wire.ts';

/** What is told of a recovery as it goes on. */
export interface RecoverProgress {
  readonly member: string;
  readonly step: 'promise' | RecoveryStep;
  readonly state: 'asked' | 'done' | 'failed';
  readonly detail?: string;
}

export interface CoordinateOptions {
  readonly agents: RecoverAgents;
  readonly onProgress?: (progress: RecoverProgress) => void;
  /** Between two looks at how far an agent is; default 200 ms. */
  readonly pollMs?: number;
  /** How long an agent may not answer, from its promise on: it may be starting again; default 60 s. */
  readonly silenceMs?: number;
}

const POLL_MS = 200;
const SILENCE_MS = 60_000;
const ABANDON_MS = 10_000;

/**
 * Carries out a plan: every agent that was heard promises it, then all stop and keep what they have, one is seeded and begins, and the others
 * stand down and join by themselves. It may be called by any agent at any time with a plan that was promised: steps that are done are
 * passed over. Where something fails before anything was seeded, by whoever led, all promises are given back and etcd is started again as
 * it was; from then on the plan is carried to its end.
 * Throws what an agent answered with, `RECOVERY_LOST_ANSWERS`, `RECOVERY_STEP_FAILED`, `RECOVERY_AGENT_SILENT`.
 */
export async function coordinate(plan: AgreedPlan, options: CoordinateOptions, signal: AbortSignal): Promise<void> {
  const { heard, seed } = plan;
  const others = heard.filter(({ name }) => name !== seed);
  const seeds = heard.filter(({ name }) => name === seed);
  try {
    // Whoever comes back once the new cluster is there is too late; the others have to stand down all the same.
    if (!(await hasBegun(plan, options.agents, signal))) await stillLost(plan, options.agents, signal);
    // One after another, so that of two who ask at once one finds the first agent taken, and takes nobody.
    for (const one of heard.toSorted((a, b) => (a.name < b.name ? -1 : 1))) await promised(plan, one, options, signal);
    await onAll(heard, (one) => made(plan, one, 'stop', options, signal));
    await onAll(heard, (one) => made(plan, one, 'keep', options, signal));
    await onAll(seeds, (one) => made(plan, one, 'seed', options, signal));
    await onAll(seeds, (one) => made(plan, one, 'begin', options, signal));
    await onAll(others, (one) => made(plan, one, 'stand-down', options, signal));
  } catch (error) {
    // Whoever ends in the middle leaves it to another agent to go on.
    if (!signal.aborted) await abandonAll(plan, options.agents);
    throw error;
  }
}

/** Whether the new cluster is there already. Where the seed cannot be asked, that is for the steps to find out. */
async function hasBegun({ id, heard, seed }: AgreedPlan, agents: RecoverAgents, signal: AbortSignal): Promise<boolean> {
  const one = heard.find(({ name }) => name === seed);
  if (one === undefined) return false;
  try {
    const { promise } = evidenceFrom(await agents.get(one, recoveryPaths.evidence, signal));
    return promise?.planId === id && promise.steps.begin !== undefined;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/**
 * Gives back all promises of a plan, as far as agents answer. The seed is asked first, and alone knows whether it is too late: where it has
 * seeded, or does not answer, the others keep their promise, since with their old data they would be a second cluster.
 */
async function abandonAll({ id, heard, seed }: AgreedPlan, agents: RecoverAgents): Promise<void> {
  const signal = AbortSignal.timeout(ABANDON_MS);
  const abandon = async (one: PlannedMember): Promise<boolean> =>
    await agents.post(one, recoveryPaths.abandon, { planId: id }, signal).then(
      () => true,
      () => false,
    );
  for (const one of heard) if (one.name === seed && !(await abandon(one))) return;
  await Promise.all(heard.filter(({ name }) => name !== seed).map(abandon));
}

async function promised(
  plan: AgreedPlan,
  one: PlannedMember,
  options: CoordinateOptions,
  signal: AbortSignal,
): Promise<void> {
  const { agents, onProgress } = options;
  onProgress?.({ member: one.name, step: 'promise', state: 'asked' });
  await answered(one, 'promise', () => agents.post(one, recoveryPaths.prepare, plan, signal), options, signal);
  onProgress?.({ member: one.name, step: 'promise', state: 'done' });
}

/**
 * Asks until there is an answer: an agent that is being started again would else end a recovery that has begun, and the cluster wait for the
 * next one without a quorum. What it answers is never asked for twice, and neither what it refuses.
 */
async function answered(
  one: PlannedMember,
  step: RecoverProgress['step'],
  ask: () => Promise<unknown>,
  { pollMs = POLL_MS, silenceMs = SILENCE_MS }: CoordinateOptions,
  signal: AbortSignal,
): Promise<void> {
  const fromMs = performance.now();
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AgentError) || error.code !== 'PEER_AGENT_UNREACHABLE') throw error;
      if (performance.now() - fromMs > silenceMs) throw silent(one, step, error);
      await sleep(pollMs, undefined, { signal });
    }
  }
}

/** Asks for a step and waits for its end; an agent that is started again meanwhile is asked again. */
async function made(
  plan: AgreedPlan,
  one: PlannedMember,
  step: RecoveryStep,
  options: CoordinateOptions,
  signal: AbortSignal,
): Promise<void> {
  const { agents, onProgress, pollMs = POLL_MS, silenceMs = SILENCE_MS } = options;
  onProgress?.({ member: one.name, step, state: 'asked' });
  await answered(one, step, () => asked(plan, one, step, agents, signal), options, signal);
  let heardAtMs = performance.now();
  for (;;) {
    let promise: PromiseView | undefined;
    try {
      ({ promise } = evidenceFrom(await agents.get(one, recoveryPaths.evidence, signal)));
      heardAtMs = performance.now();
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() - heardAtMs > silenceMs) throw silent(one, step, error);
      await sleep(pollMs, undefined, { signal });
      continue;
    }
    const view = promise?.planId === plan.id ? promise.steps[step] : undefined;
    if (view?.state === 'done') {
      onProgress?.({ member: one.name, step, state: 'done', ...detailOf(view) });
      return;
    }
    if (view?.state === 'failed') {
      onProgress?.({ member: one.name, step, state: 'failed', ...detailOf(view) });
      throw failed(one, step, view.detail ?? '', view.code);
    }
    await sleep(pollMs, undefined, { signal });
    // The agent was started again in the middle of it.
    if (view === undefined) await answered(one, step, () => asked(plan, one, step, agents, signal), options, signal);
  }
}

async function asked(
  { id }: AgreedPlan,
  one: PlannedMember,
  step: RecoveryStep,
  agents: RecoverAgents,
  signal: AbortSignal,
): Promise<void> {
  await agents.post(one, recoveryPaths.step, { planId: id, step }, signal);
}

function detailOf({ detail }: StepView): Pick<RecoverProgress, 'detail'> {
  return detail === undefined ? {} : { detail };
}

/** All at once; throws the first failure when all have ended. */
async function onAll<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(all.map(work));
  const rejected = results.find((result) => result.status === 'rejected');
  if (rejected !== undefined) throw rejected.reason;
}

function failed({ name }: PlannedMember, step: RecoveryStep, detail: string, code = 'unknown'): AgentError {
  return new AgentError('RECOVERY_STEP_FAILED', `The step ${step} failed on ${name} (${code}): ${detail}`, {
    member: name,
    remedy: 'Mend what it says, then run `etcd-caretaker recover --apply` again: what is done is not done twice.',
  });
}

function silent({ name }: PlannedMember, step: RecoverProgress['step'], cause: unknown): AgentError {
  return new AgentError(
    'RECOVERY_AGENT_SILENT',
    `The agent beside ${name} does not answer any more in the step ${step}: ${faultOf(cause).message}`,
    { cause, member: name, remedy: 'Start it again, then run `etcd-caretaker recover --apply` again.' },
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Slot } from '../../cluster/caretaking.ts';
import type { Errand, ErrandResult } from '../caretaker/errands.ts';
import type { MemberKeeper } from './keeper.ts';

const POLL_MS = 250;

/** What a member's agent is asked for when its turn has come, in a restart or an upgrade. Each may be asked for again. */
export function turnErrands(keeper: MemberKeeper): Readonly<Record<string, Errand>> {
  return {
    'restart-member': (_slot, signal) => restart(keeper, signal),
    'prepare-upgrade': (slot, signal) => prepareUpgrade(keeper, slot, signal),
    'switch-version': (slot, signal) => switchVersion(keeper, slot, signal),
  };
}

async function restart(keeper: MemberKeeper, signal: AbortSignal): Promise<ErrandResult> {
  await startAnew(keeper, async () => undefined, signal);
  const wrong = await untilItServes(keeper, undefined, signal);
  if (wrong === undefined) return done('Etcd was started again, and serves.');
  throw new AgentError('MEMBER_NOT_BACK', `Etcd was started again, and does not serve: ${wrong}`, {
    member: keeper.options.name,
    remedy: "See the end of etcd's log; its agent goes on starting it.",
  });
}

/** Whether this machine has the version: looked at before any member is touched. */
async function prepareUpgrade(keeper: MemberKeeper, slot: Slot, signal: AbortSignal): Promise<ErrandResult> {
  const { versions } = keeper.options;
  if (versions === undefined) return noVersions(keeper);
  try {
    await versions.current();
    await versions.programOf(versionOf(slot), await runningFlags(keeper, signal), signal);
    return done('The version is there, and takes the flags of the etcd that runs.');
  } catch (error) {
    signal.throwIfAborted();
    const { code, message, remedy } = faultOf(error);
    return stopped(code, `${message}${remedy === undefined ? '' : ` ${remedy}`}`);
  }
}

/** Runs the other version; where that does not serve, the one before again. */
async function switchVersion(keeper: MemberKeeper, slot: Slot, signal: AbortSignal): Promise<ErrandResult> {
  const { versions } = keeper.options;
  if (versions === undefined) return noVersions(keeper);
  const to = versionOf(slot);
  const program = await versions.programOf(to, [], signal);
  const before = await versions.current();
  // Asked once more, after this agent was started again: it has come so far already.
  if (before === program && (await servesNow(keeper, to, signal))) return done(`Etcd ${to} serves.`);
  await startAnew(keeper, () => versions.pointAt(program), signal);
  const wrong = await untilItServes(keeper, to, signal);
  if (wrong === undefined) return done(`Etcd ${to} serves.`);
  if (before === program) {
    throw new AgentError('VERSION_NOT_SERVING', `Etcd ${to} does not serve: ${wrong}`, {
      member: keeper.options.name,
      remedy: "See the end of etcd's log; its agent goes on starting it.",
    });
  }
  await startAnew(keeper, () => versions.pointAt(before), signal);
  const still = await untilItServes(keeper, undefined, signal);
  const back =
    still === undefined ? 'the version before serves again' : `the version before does not serve either: ${still}`;
  return stopped('VERSION_NOT_SERVING', `Etcd ${to} does not serve (${wrong}); ${back}.`);
}

/** Ends the process, and starts it after `between`, while nobody else starts it. */
async function startAnew(keeper: MemberKeeper, between: () => Promise<void>, signal: AbortSignal): Promise<void> {
  // A recovery of the lost quorum has the member in its hands.
  if (keeper.held !== undefined) {
    throw new AgentError('MEMBER_HELD', `${keeper.options.name} is not started anew: ${keeper.held}`, {
      member: keeper.options.name,
      remedy: 'It is tried again by itself when that is over.',
    });
  }
  await keeper.exclusively(async () => {
    await keeper.stopProcess(signal);
    await between();
    await keeper.startProcess({}, signal);
  });
}

/** Undefined when it serves; else why it does not, after as long as a member may take. @param version that it has to say */
async function untilItServes(
  keeper: MemberKeeper,
  version: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { restarts } = keeper.view();
  const untilMs = performance.now() + keeper.options.timing.answerWithinMs;
  let wrong = 'it has not been asked yet';
  while (performance.now() < untilMs) {
    signal.throwIfAborted();
    const found = await keeper.options.servedVersion(signal).catch((error: unknown) => {
      signal.throwIfAborted();
      wrong = faultOf(error).message;
    });
    if (found !== undefined && (version === undefined || found === version)) return undefined;
    if (found !== undefined) return `it says that it is ${found}`;
    const { process, restarts: now } = keeper.view();
    const end = process.state === 'stopped' ? process.end : undefined;
    if (end !== undefined) return `it has ended: ${end.evidence ?? end.how}`;
    if (now !== restarts) return 'it has ended, and was started once more';
    await sleep(POLL_MS, undefined, { signal });
  }
  return wrong;
}

async function servesNow(keeper: MemberKeeper, version: string, signal: AbortSignal): Promise<boolean> {
  const found = await keeper.options.servedVersion(signal).catch(() => undefined);
  signal.throwIfAborted();
  return found === version;
}

async function runningFlags(keeper: MemberKeeper, signal: AbortSignal): Promise<readonly string[]> {
  const { name, supervisor, flagsOf } = keeper.options;
  const process = await supervisor.look(signal);
  if (process.state === 'running' && process.pid !== undefined) return await flagsOf(process.pid);
  throw new AgentError('PROCESS_UNKNOWN', `Which flags etcd of ${name} has is not known: its process is not seen.`, {
    member: name,
    remedy: 'Wait until it runs.',
  });
}

function versionOf({ parameters }: Slot): string {
  const { to } = parameters;
  return typeof to === 'string' ? to : '';
}

function noVersions({ options }: MemberKeeper): ErrandResult {
  return stopped(
    'UPGRADE_NOT_HERE',
    `The agent of ${options.name} starts etcd as ${options.supervisor.kind}: its version is changed with the image, not by the agents.`,
  );
}

function done(summary: string): ErrandResult {
  return { outcome: 'succeeded', summary, figures: {} };
}

function stopped(code: string, summary: string): ErrandResult {
  return { outcome: 'stopped', code, summary, figures: {} };
}

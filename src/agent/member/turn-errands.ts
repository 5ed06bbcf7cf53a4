import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Slot } from '../../cluster/caretaking.ts';
import type { Errand, ErrandResult } from '../caretaker/errands.ts';
import type { MemberKeeper } from './keeper.ts';

const POLL_MS = 250;

/** How etcd ends that is older than what its cluster has taken up ("invalid downgrade; server version is lower than determined cluster version": 3.4.23 after 3.5.30). */
const REFUSED_DOWNGRADE = /invalid downgrade/;

/** What a member's agent is asked for when its turn has come, in a restart or an upgrade. Each may be asked for again. */
export function turnErrands(keeper: MemberKeeper): Readonly<Record<string, Errand>> {
  return {
    'restart-member': (_slot, signal) => restart(keeper, signal),
    'prepare-upgrade': (slot, signal) => prepareUpgrade(keeper, slot, signal),
    'switch-version': (slot, signal) => switchVersion(keeper, slot, signal),
  };
}

async function restart(keeper: MemberKeeper, signal: AbortSignal): Promise<ErrandResult> {
  const wrong = await startedAnew(keeper, async () => undefined, undefined, signal);
  if (wrong === undefined) return done('Etcd was started again, and serves.');
  // Not once more: one that only takes long would be ended each time. Its agent goes on starting it where it ends.
  return stopped('MEMBER_NOT_BACK', `Etcd was started again, and does not serve yet: ${wrong}`);
}

/** Whether this machine has the version: looked at before any member is touched. */
async function prepareUpgrade(keeper: MemberKeeper, slot: Slot, signal: AbortSignal): Promise<ErrandResult> {
  const { versions } = keeper.options;
  if (versions === undefined) return noVersions(keeper);
  try {
    await versions.tryLink();
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
  // Asked once more, after this agent was started again, it may have come so far already, and the link says nothing any more of what was before.
  const before = await versions.rememberBefore(to, program);
  const isThere = (await versions.current()) === program && (await servesNow(keeper, to, signal));
  const wrong = isThere ? undefined : await startedAnew(keeper, () => versions.pointAt(program), to, signal);
  if (wrong === undefined) {
    await versions.forgetBefore(to);
    return done(`Etcd ${to} serves.`);
  }
  if (before === undefined) return stopped('VERSION_NOT_SERVING', `Etcd ${to} does not serve: ${wrong}`);
  const still = await startedAnew(keeper, () => versions.pointAt(before), undefined, signal);
  if (still !== undefined && REFUSED_DOWNGRADE.test(still)) {
    // It was the last member, and all the others have seen it run the new version: there is only the way forward.
    const again = await startedAnew(keeper, () => versions.pointAt(program), to, signal);
    await versions.forgetBefore(to);
    const now = again === undefined ? 'and serves now' : `and does not serve yet: ${again}`;
    return stopped(
      'VERSION_NOT_SERVING',
      `Etcd ${to} did not serve in time (${wrong}). The cluster has taken it up, so that the version before ends (${still}); ${to} runs again, ${now}.`,
    );
  }
  await versions.forgetBefore(to);
  const back =
    still === undefined ? 'the version before serves again' : `the version before does not serve either: ${still}`;
  return stopped('VERSION_NOT_SERVING', `Etcd ${to} does not serve (${wrong}); ${back}.`);
}

/**
 * Ends the process, and starts it after `between`, while nobody else starts it. Undefined when it serves; else why it does not, after as long as a
 * member may take. @param version that it has to say
 */
async function startedAnew(
  keeper: MemberKeeper,
  between: () => Promise<void>,
  version: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A recovery of the lost quorum has the member in its hands.
  if (keeper.held !== undefined) {
    throw new AgentError('MEMBER_HELD', `${keeper.options.name} is not started anew: ${keeper.held}`, {
      member: keeper.options.name,
      remedy: 'It is tried again by itself when that is over.',
    });
  }
  const fault = await keeper.exclusively(async () => {
    await keeper.stopProcess(signal);
    await between();
    return await keeper.startProcess({}, signal).then(
      () => undefined,
      (error: unknown) => {
        signal.throwIfAborted();
        return faultOf(error).message;
      },
    );
  });
  return fault ?? (await untilItServes(keeper, version, signal));
}

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

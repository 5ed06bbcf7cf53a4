import { AgentError } from '../../cluster/agent-error.ts';
import { BY_STATEFULSET, type Slot } from '../../cluster/caretaking.ts';
import { formatBytes } from '../../cluster/units.ts';
import type { SeenMember } from '../../decide/boot/evidence.ts';
import type { Errand, ErrandResult } from '../caretaker/errands.ts';
import { joinCluster } from './join.ts';
import type { MemberKeeper } from './keeper.ts';
import { turnErrands } from './turn-errands.ts';

/** What the leader asks the agent beside a member to do with it, by the name of the step. Each may be asked for again. */
export function memberErrands(keeper: MemberKeeper): Readonly<Record<string, Errand>> {
  return {
    'prepare-join': (slot, signal) => prepareJoin(keeper, slot, signal),
    fence: (slot, signal) => fence(keeper, slot, signal),
    'start-joined': async (_slot, signal) => done(await joinCluster(keeper, signal)),
    'stop-member': (slot, signal) => stopMember(keeper, slot, signal),
    ...turnErrands(keeper),
  };
}

/** Of an agent that supervises nothing: it says so, so that nobody waits for it. */
export function refusingErrands(member: string): Readonly<Record<string, Errand>> {
  const refuse: Errand = async () =>
    unfit(`The agent of ${member} only watches: supervise.kind does not say how etcd is started.`);
  return {
    'prepare-join': refuse,
    fence: refuse,
    'start-joined': refuse,
    'stop-member': refuse,
    'restart-member': refuse,
    'prepare-upgrade': refuse,
    'switch-version': refuse,
  };
}

/** Whether a member could be started here: looked at before another one is given up for it. */
async function prepareJoin(
  { options }: MemberKeeper,
  { parameters }: Pick<Slot, 'parameters'>,
  signal: AbortSignal,
): Promise<ErrandResult> {
  const { needBytes, version, versions } = parameters;
  if (options.supervisor.kind === 'none') return unfit('This agent only watches: supervise.kind is none.');
  const freeBytes = await options.freeBytes();
  if (typeof needBytes === 'number' && freeBytes < needBytes) {
    return unfit(`The disk has ${formatBytes(freeBytes)} left, and the new member needs ${formatBytes(needBytes)}.`);
  }
  const own = await options.etcdVersion(signal);
  // In the middle of an upgrade the member may be of either version.
  const fitting = (Array.isArray(versions) ? versions : [version]).filter((each) => typeof each === 'string');
  if (own !== undefined && fitting.length > 0 && fitting.every((each) => minorOf(own) !== minorOf(each))) {
    return unfit(`The etcd here is ${own}, and the cluster runs ${fitting.join(' and ')}.`);
  }
  return { ...done('The new member can be started.'), figures: { freeBytes } };
}

/** Ends the process, and moves away the data of a member that is in no list any more. */
async function fence(keeper: MemberKeeper, { operation }: Slot, signal: AbortSignal): Promise<ErrandResult> {
  return await keeper.exclusively(async () => {
    const { dataDir } = await keeper.look('quick', signal);
    if (dataDir.state === 'empty') {
      await keeper.stopProcess(signal);
      return { ...done('There are no data to move away.'), figures: { quarantinedBytes: 0 } };
    }
    if (dataDir.state === 'unreadable') {
      throw new AgentError('DATA_DIR_UNREADABLE', `The data dir cannot be looked at: ${dataDir.problem}`, {
        member: keeper.options.name,
        remedy: 'See why; nothing is moved away that could be the last copy.',
      });
    }
    await refuseListed(keeper, dataDir.memberId, signal);
    await keeper.stopProcess(signal);
    const quarantinedBytes = await keeper.putAside(operation, signal);
    return { ...done('The process has ended, and its data are in quarantine.'), figures: { quarantinedBytes } };
  });
}

/** Data of a member that has a vote still are not moved away, whoever asks. */
async function refuseListed({ options }: MemberKeeper, dataOf: string | undefined, signal: AbortSignal): Promise<void> {
  const { linearizable, members } = await options.list(signal);
  const ids = [dataOf, options.memory.current?.memberId].filter((id) => id !== undefined);
  // Where nothing says whose data they are, whoever is listed in this place counts.
  const isOurs = ({ id, name, peerUrls }: SeenMember): boolean =>
    ids.length > 0 ? ids.includes(id) : name === options.name || peerUrls.includes(options.peerUrl ?? '');
  const listed = members.find(isOurs);
  if (linearizable && listed === undefined) return;
  const why = linearizable ? `${listed?.name} (${listed?.id}) is a member still` : 'no quorum has said who is a member';
  throw new AgentError('MEMBER_STILL_LISTED', `The data are not moved away: ${why}.`, {
    member: options.name,
    remedy: 'Remove the member first; the operation does that by itself.',
  });
}

/** For a member that has left: its process ends, and the agent remembers that it is to stay out. */
async function stopMember(
  keeper: MemberKeeper,
  { requestedBy }: Pick<Slot, 'requestedBy'>,
  signal: AbortSignal,
): Promise<ErrandResult> {
  return await keeper.exclusively(async () => {
    const { memory } = keeper.options;
    const by = requestedBy === BY_STATEFULSET ? ({ leftBy: 'statefulset' } as const) : {};
    if (memory.current !== undefined) await memory.remember({ ...memory.current, leftAtMs: Date.now(), ...by });
    await keeper.stopProcess(signal);
    return done('The process has ended, and stays so.');
  });
}

function done(summary: string): ErrandResult {
  return { outcome: 'succeeded', summary, figures: {} };
}

function unfit(summary: string): ErrandResult {
  return { outcome: 'stopped', code: 'REPLACEMENT_UNFIT', summary, figures: {} };
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

import type { Action, Decision, HistoryEntry } from '../../cluster/caretaking.ts';
import { isOperationName } from '../../cluster/caretaking.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { membersToArm } from '../../decide/arming.ts';
import { type Decided, decide } from '../../decide/decide.ts';
import { nextLookMs } from '../../decide/next-look.ts';
import { onlyMadeSafe } from '../../decide/past.ts';
import type { RequestAnswer } from '../../decide/requested.ts';
import type { DecideSettings } from '../../decide/settings.ts';
import { writeArmed } from '../../journal/armed.ts';
import { historyToDrop } from '../../journal/history.ts';
import { placesToWrite, writePlaces } from '../../journal/places.ts';
import { dropReports } from '../../journal/reports.ts';
import { answerRequest, dropStaleRequests } from '../../journal/requests.ts';
import { takeOverSlot, takeSlot } from '../../journal/slot.ts';
import type { JournaledSlot } from '../../journal/snapshot.ts';
import type { Term } from '../../journal/term.ts';
import { replenishSpares, sparesMissing } from '../../lead/spare-stock.ts';
import { type Operation, OperationStopped } from '../../operate/operation.ts';
import { runOperation } from '../../operate/runner.ts';
import { SlotJournal } from '../../operate/slot-journal.ts';
import type { Acting } from './acting.ts';
import { corruptRound } from './corrupt-round.ts';
import { isCorrupt, isFull } from './member-fitness.ts';
import { newSlot } from './new-slot.ts';
import { recoverFromNospace, unlessClaimed } from './nospace-round.ts';

/** A request that what goes by itself has held up for so long is given back. */
const REQUEST_WAITS_MS = 10 * 60_000;

/** A new leader has read within this, as a rule, how far the backups of the one before have come, */
const BACKUPS_KNOWN_MS = 5000;
/** and so often it is looked whether it has. */
const BACKUPS_LOOK_MS = 250;

/**
 * One round of the leading agent: goes on with what an earlier leader left, keeps the house in order, decides, and
 * carries out at most one operation. Gives in how many milliseconds something else may be decided though nothing changes;
 * undefined where there is no such time. Throws what kept it from that; the next round looks again.
 */
export async function leaderRound(acting: Acting, term: Term, signal: AbortSignal): Promise<number | undefined> {
  const { mirror } = acting;
  if (!mirror.snapshot.connected) return undefined;
  // While CORRUPT is raised nothing can be written, a step of what is under way neither.
  if (isCorrupt(acting.options.observation()) || acting.source.isCorruptOpen) await corruptRound(acting, term, signal);
  const left = mirror.snapshot.slot;
  // A full etcd takes no step of it any more: what comes first is the recovery, which takes the slot away.
  if (left !== undefined && knownOperation(acting, left) !== undefined && !isFull(acting.options.observation())) {
    await resume(acting, term, left, signal);
    return undefined;
  }
  // A person who asks has seen the cluster as it is now, and is answered by that.
  const use = mirror.snapshot.requests.length > 0 ? 'now' : 'newest round';
  const state = await acting.source.observe(signal, use);
  if (!term.held) return undefined;
  await keepHouse(acting, term, state, signal);
  const decided = decide(state, acting.options.settings);
  const decisions = decided.decisions.map((decision) => unlessClaimed(acting, decision, term));
  acting.decided(decisions, decided.judged);
  await answer(acting, term, decided, signal);
  const chosen = decisions.find(({ decision }) => decision === 'act');
  if (chosen?.action === undefined) return nextLookMs(state, acting.options.settings);
  if (isTooEarly(chosen.action, acting)) return BACKUPS_LOOK_MS;
  const requestId = decided.request?.decision === chosen ? decided.request.request.id : undefined;
  await carryOut(acting, term, { decision: chosen, action: chosen.action, requestId }, signal);
  return undefined;
}

/** A snapshot that is taken only since nobody has looked yet takes longer than to look, and the cluster is one member short meanwhile. */
function isTooEarly({ parameters }: Action, { options, ledForMs }: Acting): boolean {
  return (
    parameters['snapshot'] === true && options.unprotectedSeconds?.() === undefined && ledForMs() < BACKUPS_KNOWN_MS
  );
}

/** The operation of a slot, where this version can go on with it. */
function knownOperation({ operations }: Acting, { slot }: JournaledSlot): Operation | undefined {
  if (!isOperationName(slot.operation)) return undefined;
  const known = operations[slot.operation];
  return slot.operationVersion <= known.version ? known : undefined;
}

async function resume(acting: Acting, term: Term, left: JournaledSlot, signal: AbortSignal): Promise<void> {
  const operation = knownOperation(acting, left);
  if (operation === undefined) return;
  const { client } = acting.options;
  const journaled = await takeOverSlot(client, acting.keys, term, left, signal);
  acting.options.events.log('operation taken over', {
    operation: operation.name,
    id: left.slot.id,
    phase: left.slot.phase,
  });
  const refusal = notWanted(left, acting.options.settings);
  const carried: Operation = refusal === undefined ? operation : { ...operation, run: () => Promise.reject(refusal) };
  await run(acting, term, carried, journaled, signal);
}

/**
 * Why an operation that was begun is not gone on with: people have taken the right to act away since. What it leaves undone that others rely on (the
 * pods that a rollout has let go) is for the next decision, which no policy's mode holds.
 */
function notWanted({ slot }: JournaledSlot, { mode, policies }: DecideSettings): OperationStopped | undefined {
  if (mode === 'plan') return new OperationStopped('MODE_PLAN', 'mode is plan now');
  if (slot.requestedBy !== undefined || !isOperationName(slot.operation) || policies[slot.operation] === 'auto') {
    return undefined;
  }
  if (onlyMadeSafe(slot)) return undefined;
  return new OperationStopped('POLICY_OFF', `the policy ${slot.operation} is ${policies[slot.operation]} now`);
}

async function carryOut(
  acting: Acting,
  term: Term,
  { decision, action, requestId }: { decision: Decision; action: Action; requestId: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const operation = acting.operations[action.operation];
  if (operation.name === 'nospace') {
    await recoverFromNospace(acting, { decision, action, term }, signal);
    return;
  }
  const { client } = acting.options;
  const slot = newSlot(action, decision, operation, term, requestId);
  const options = requestId === undefined ? {} : { requestId };
  const journaled = await takeSlot(client, acting.keys, term, slot, signal, options);
  await run(acting, term, operation, journaled, signal);
}

async function run(
  acting: Acting,
  term: Term,
  operation: Operation,
  journaled: JournaledSlot,
  signal: AbortSignal,
): Promise<void> {
  const { client } = acting.options;
  const history = (): readonly HistoryEntry[] => acting.mirror.snapshot.history;
  const journal = new SlotJournal({ client, keys: acting.keys, term, history }, journaled);
  acting.options.events.onOperation(journaled.slot);
  const entry = await runOperation({ term, journal, operation, ...acting.runParts() }, signal);
  if (entry === undefined) return;
  acting.ended(entry);
  // Until the mirror has seen the end, the next round would take the operation for one that was left.
  const { createRevision } = journaled;
  await acting.mirror.waitFor(({ slot }) => slot?.createRevision !== createRevision, signal);
}

/** Arms the agents when it is time, follows the member list, and keeps the stock of spare epochs. */
async function keepHouse(acting: Acting, term: Term, state: ClusterState, signal: AbortSignal): Promise<void> {
  const { client, settings, events, ttlMs } = acting.options;
  const { snapshot } = acting.mirror;
  const members = state.members.map(({ id }) => id);
  if (state.alarms.some(({ alarm }) => alarm === 'NOSPACE')) return;
  try {
    const arm = membersToArm(state, settings);
    if (arm !== undefined) {
      await writeArmed(client, acting.keys, term, { atMs: Date.now(), epoch: term.epoch, members: arm }, signal);
      events.log(state.armed === undefined ? 'armed' : 'member list taken over', { members: arm.length });
    }
    if (snapshot.staleRequests.length > 0) {
      await dropStaleRequests(client, acting.keys, term, snapshot.staleRequests, signal);
    }
    // A report is of the operation under way, or of none any more.
    const left = snapshot.reports.map(({ operationId }) => operationId).filter((id) => id !== snapshot.slot?.slot.id);
    await dropReports(client, acting.keys, term, left, signal);
    const places = placesToWrite(snapshot, members);
    const isReadable = snapshot.unreadable.every(({ key }) => key !== acting.keys.places.toString());
    // What a newer version has written there is left alone.
    if (places !== undefined && isReadable) await writePlaces(client, acting.keys, term, places, signal);
    const { armed: isArmed } = acting.mirror.snapshot;
    if (isArmed !== undefined && sparesMissing(snapshot, members)) {
      await replenishSpares(client, acting.keys, term, snapshot, { memberIds: members, ttlMs }, signal);
    }
  } catch (error) {
    if (!term.held) throw error;
    events.onFault('keeping the journal in order', error);
  }
}

/** Tells a person at once what cannot be granted, and after a while what was held up for too long. */
async function answer(acting: Acting, term: Term, { request }: Decided, signal: AbortSignal): Promise<void> {
  if (request === undefined) return;
  const waitedMs = performance.now() - acting.requestSeenMs(request.request.id);
  const reasons = refusalOf(request, waitedMs);
  if (reasons === undefined) return;
  const { id, operation, target, by, atMs } = request.request;
  const { snapshot } = acting.mirror;
  const revision = snapshot.requests.find((each) => each.id === id)?.revision;
  if (revision === undefined) return;
  const entry: HistoryEntry = {
    revision,
    id,
    operation,
    outcome: 'refused',
    epoch: term.epoch,
    holder: term.holder,
    targets: target === undefined ? [] : [target],
    startedAtMs: atMs,
    endedAtMs: Date.now(),
    seconds: 0,
    reasons: reasons.map(({ message }) => message),
    summary: reasons[0]?.message ?? '',
    ...(reasons[0] === undefined ? {} : { code: reasons[0].code }),
    requestedBy: by,
    steps: [],
    figures: {},
  };
  const drop = historyToDrop(snapshot.history);
  await answerRequest(acting.options.client, acting.keys, term, id, entry, drop, signal);
  acting.ended(entry);
}

/** @param waitedMs since this agent first saw it, by its own monotonic clock: that of who asked may be wrong */
function refusalOf({ refused, decision }: RequestAnswer, waitedMs: number): Decision['reasons'] | undefined {
  if (refused !== undefined) return refused;
  return decision?.decision !== 'act' && waitedMs > REQUEST_WAITS_MS ? decision?.reasons : undefined;
}

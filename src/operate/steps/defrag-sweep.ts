import { setTimeout as sleep } from 'node:timers/promises';
import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { formatBytes } from '../../cluster/units.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import { type Defragmented, defragmentMember, untilIdle } from './defragment-member.ts';
import { gate, stillLedAs } from './gate.ts';
import type { Parts } from './parts.ts';
import { announce, confirm, sweepProgressOf, wasMade } from './sweep-progress.ts';
import { type Moves, movedOff, nextInTurn, settled, transfereeFor } from './turns.ts';
import type { Consent } from './unsafe.ts';

/** Free disk space that a member needs, by its database in use: a defragmentation writes it anew beside the old one. */
const ROOM_FACTOR = 1.2;

export interface SweepOptions extends Parts, Consent {
  /** Where nobody can take the leadership the raft leader is defragmented all the same: writes are refused anyway. */
  readonly evenWhileLeading?: boolean;
}

/** What a sweep did, and why it ended early, if so. */
export interface SweepResult {
  /** Ids of all that are done, by whatever leader. */
  readonly defragmented: readonly string[];
  /** Those of them that were measured. */
  readonly measured: ReadonlyMap<string, Defragmented>;
  readonly stopped?: Reason;
}

/**
 * Defragments members one after the other, followers first; then the raft leadership moves to one that is done, and the
 * former leader follows. Before each, everybody must be there; after each, it must have settled. Any doubt ends the sweep.
 * What an earlier leader has done stands in the slot's progress; what it began and did not confirm is waited for.
 */
export async function sweep(
  targets: readonly string[],
  context: OperationContext,
  options: SweepOptions,
): Promise<SweepResult> {
  const { defragmented, measured } = sweepProgressOf(context.slot);
  const run = {
    targets,
    context,
    options,
    done: new Set(defragmented),
    measured: new Map(measured),
    moves: { made: 0 },
  };
  const stopped = await untilDone(run).catch((error: unknown): Reason => {
    if (!(error instanceof OperationStopped)) throw error;
    return { code: error.code, message: error.message };
  });
  return {
    defragmented: [...run.done],
    measured: run.measured,
    ...(stopped === undefined ? {} : { stopped }),
  };
}

/** Figures of a sweep for later decisions: how fast each member rewrites its database, and what it gave back. */
export function sweepFigures({ measured }: SweepResult): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...measured].flatMap(([id, { seconds, bytesBefore, bytesAfter }]) => [
      [`bytesPerSecond.${id}`, Math.round(bytesAfter / Math.max(seconds, 0.001))],
      [`freedBytes.${id}`, Math.max(0, bytesBefore - bytesAfter)],
      [`seconds.${id}`, seconds],
    ]),
  );
}

interface Run {
  readonly targets: readonly string[];
  readonly context: OperationContext;
  readonly options: SweepOptions;
  readonly done: Set<string>;
  readonly measured: Map<string, Defragmented>;
  readonly moves: Moves;
  /** Since when the room of the member whose turn it is has not been known, by the monotonic clock. */
  unknownSinceMs?: number | undefined;
}

async function untilDone(run: Run): Promise<Reason | undefined> {
  const { context, options, done } = run;
  await confirmAnnounced(run);
  for (;;) {
    if (run.targets.every((id) => done.has(id))) return undefined;
    const gated = await gate(context, options, options);
    if ('unsafe' in gated) return gated.unsafe;
    const { state } = gated;
    const left = run.targets.filter((id) => isLeft(run, id));
    const next = nextInTurn(left, state);
    if ('code' in next) return next;
    if (mayBeKnownSoon(next, run)) {
      await sleep(options.timing.pollMs, undefined, { signal: context.signal });
      continue;
    }
    // Before the leadership is moved for nothing.
    const noRoom = noRoomFor(next);
    if (noRoom !== undefined) return noRoom;
    const to = next.isLeader ? transfereeFor(next, left, state) : undefined;
    if (next.isLeader && to === undefined && !(state.voters === 1 || options.evenWhileLeading === true)) {
      return { code: 'NO_TRANSFEREE', message: `nobody can take the raft leadership from ${next.name}` };
    }
    const stopped =
      to === undefined
        ? await defragment(next, state, run)
        : await movedOff({ from: next, to, state, why: 'is defragmented' }, run.moves, context, options);
    if (stopped !== undefined) return stopped;
  }
}

/** An earlier leader has announced it, and nobody knows whether it was made: until it is over nothing else may begin. */
async function confirmAnnounced({ context, options, done, measured }: Run): Promise<void> {
  const { announced } = sweepProgressOf(context.slot);
  if (announced === undefined || done.has(announced.memberId)) return;
  const { signal } = context;
  await untilIdle(announced.memberId, { ...options, signal });
  const status = await options.effects.status(announced.memberId, signal);
  if (!wasMade(announced, status)) return;
  done.add(announced.memberId);
  await context.note(confirm(done, measured));
}

async function defragment(member: MemberState, state: ClusterState, run: Run): Promise<Reason | undefined> {
  const { context, options, done, measured } = run;
  const { id: memberId, name, dbSizeBytes = 0, dbSizeInUseBytes = 0 } = member;
  const step = {
    name: 'defragment',
    memberId,
    detail: `${name}: ${formatBytes(dbSizeBytes)}, of which ${formatBytes(dbSizeInUseBytes)} in use`,
    progress: announce({ memberId, bytesBefore: dbSizeBytes }),
    ready: () => stillLedAs(state, options, context.signal),
  };
  const result = await context.step(step, (permit) =>
    defragmentMember(memberId, permit, { ...options, log: context.log }),
  );
  done.add(memberId);
  measured.set(memberId, result);
  await context.note(confirm(done, measured));
  context.log('defragmented', { member: name, ...result });
  return settled(member, state, state.raftTerm, context, options);
}

function isLeft({ targets, done }: Run, id: string): boolean {
  return targets.includes(id) && !done.has(id);
}

/** The leader that died had an agent beside the member too: whoever takes over comes to it before that one is back. */
function mayBeKnownSoon({ observed }: MemberState, run: Run): boolean {
  if (observed?.dataAvailableBytes !== undefined) {
    run.unknownSinceMs = undefined;
    return false;
  }
  run.unknownSinceMs ??= performance.now();
  return performance.now() - run.unknownSinceMs < run.options.timing.agentBackMs;
}

function noRoomFor({ name, observed, dbSizeInUseBytes }: MemberState): Reason | undefined {
  const freeBytes = observed?.dataAvailableBytes;
  if (freeBytes === undefined || dbSizeInUseBytes === undefined) {
    return { code: 'ROOM_UNKNOWN', message: `how much space the disk of ${name} has left is not known` };
  }
  const neededBytes = ROOM_FACTOR * dbSizeInUseBytes;
  if (freeBytes >= neededBytes) return undefined;
  const message = `the disk of ${name} has ${formatBytes(freeBytes)} left, and a second copy takes ${formatBytes(neededBytes)}`;
  return { code: 'NO_ROOM', message };
}

import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import type { Effects, Reads } from '../effects.ts';
import type { OperationContext } from '../operation.ts';
import type { OperateTiming } from '../timing.ts';
import { type Defragmented, defragmentMember, untilIdle } from './defragment-member.ts';
import { handOver, transfereeOf } from './hand-over.ts';
import { type Consent, unsafeToBlock } from './unsafe.ts';
import { waitSettled } from './wait-settled.ts';

export interface SweepOptions extends Consent {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
  /** Free space that a member must have, by its database in use. */
  readonly roomFactor: number;
}

/** What a sweep did, member by member, and why it ended early, if so. */
export interface SweepResult {
  readonly done: ReadonlyMap<string, Defragmented>;
  readonly stopped?: Reason;
}

const DONE = 'defragmented';

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
  const { effects, timing } = options;
  const { signal } = context;
  const done = new Map<string, Defragmented>();
  const confirmed = new Set(confirmedIn(context));
  const begun = context.slot.steps.findLast(({ name }) => name === 'defragment')?.memberId;
  if (begun !== undefined && !confirmed.has(begun)) await untilIdle(begun, { effects, timing, signal });

  for (;;) {
    const state = await context.observe();
    const next = nextOf(targets, confirmed, state);
    if (next === undefined) return { done };
    const unsafe = unsafeToBlock(state, options) ?? noRoom(next, options);
    if (unsafe !== undefined) return { done, stopped: unsafe };
    if (next.isLeader && state.voters > 1) {
      const left = new Set(targets.filter((id) => !confirmed.has(id)));
      const to = transfereeOf(state, next.id, ({ id }) => !left.has(id));
      if (to === undefined) {
        return {
          done,
          stopped: { code: 'NO_TRANSFEREE', message: `nobody can take the raft leadership from ${next.name}` },
        };
      }
      const detail = `from ${next.name} to ${to.name}, before ${next.name} is defragmented`;
      await handOver({ fromId: next.id, toId: to.id, detail }, context, { effects, timing });
      const unsettled = await settled(to.id, state, context, options);
      if (unsettled !== undefined) return { done, stopped: unsettled };
      // It is looked at anew: leadership may have moved on meanwhile.
      continue;
    }
    const detail = `${next.name}, ${megabytes(next.dbSizeBytes)} of which ${megabytes(next.dbSizeInUseBytes)} in use`;
    const result = await context.step({ name: 'defragment', memberId: next.id, detail }, () =>
      defragmentMember(next.id, { effects, timing, signal }),
    );
    done.set(next.id, result);
    confirmed.add(next.id);
    await context.note({ [DONE]: [...confirmed] });
    context.log('defragmented', { member: next.name, ...result });
    const unsettled = await settled(next.id, state, context, options);
    if (unsettled !== undefined) return { done, stopped: unsettled };
  }
}

/** Figures of a sweep for later decisions: how fast each member rewrites its database, and what it gave back. */
export function sweepFigures(done: ReadonlyMap<string, Defragmented>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...done].flatMap(([id, { seconds, bytesBefore, bytesAfter }]) => [
      [`bytesPerSecond.${id}`, Math.round(bytesAfter / Math.max(seconds, 0.001))],
      [`freedBytes.${id}`, Math.max(0, bytesBefore - bytesAfter)],
      [`seconds.${id}`, seconds],
    ]),
  );
}

function confirmedIn({ slot }: OperationContext): readonly string[] {
  const value = slot.progress[DONE];
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
}

/** The next one: followers in the given order, and the raft leader when nobody else is left. */
function nextOf(
  targets: readonly string[],
  confirmed: ReadonlySet<string>,
  state: ClusterState,
): MemberState | undefined {
  const left = targets.flatMap((id) => state.members.filter((member) => member.id === id && !confirmed.has(id)));
  return left.find(({ isLeader }) => !isLeader) ?? left[0];
}

function noRoom({ name, observed, dbSizeInUseBytes }: MemberState, { roomFactor }: SweepOptions): Reason | undefined {
  const free = observed?.dataAvailableBytes;
  if (free === undefined || dbSizeInUseBytes === undefined) {
    return { code: 'ROOM_UNKNOWN', message: `the free disk space of ${name} is not known` };
  }
  if (free >= roomFactor * dbSizeInUseBytes) return undefined;
  const message = `${name} has ${megabytes(free)} free, ${roomFactor} x ${megabytes(dbSizeInUseBytes)} are needed`;
  return { code: 'NO_ROOM', message };
}

async function settled(
  memberId: string,
  { members }: ClusterState,
  { signal }: OperationContext,
  { effects, timing }: SweepOptions,
): Promise<Reason | undefined> {
  const voters = members.filter(({ isLearner }) => !isLearner).map(({ id }) => id);
  return waitSettled(memberId, voters, { reads: effects, timing, signal });
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? 'an unknown size' : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

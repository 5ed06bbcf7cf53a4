import type { ClusterState } from '../cluster/state.ts';
import { type Operation, type OperationContext, type OperationResult, OperationStopped } from './operation.ts';
import { type CompactionLeft, compactInBatches } from './steps/compact-batches.ts';
import { compactedTo, seenCompactRevision } from './steps/compacted-to.ts';
import { revisionIn, revisionParameter } from './steps/parameters.ts';
import type { Parts } from './steps/parts.ts';

/**
 * Deletes history before the parameter `revision`, in batches. How far it has come the store itself says, so whoever takes
 * over just goes on.
 */
export function compactionOperation(parts: Parts): Operation {
  return { name: 'compaction', version: 1, run: (context) => compact(context, parts) };
}

async function compact(context: OperationContext, parts: Parts): Promise<OperationResult> {
  const target = revisionParameter(context.slot, 'revision');
  const state = await context.observe();
  refuseUnlessPast(target, state);
  const from = await fromWhere(state, target, context, parts);
  if (from >= target) return { outcome: 'succeeded', summary: `History before revision ${target} is gone.` };
  let left: CompactionLeft = { at: from, target };
  let batches = 0;
  while (left.at < target) {
    const { at } = left;
    const step = {
      name: 'compact',
      detail: `from revision ${at} on, up to ${target}`,
      progress: { compactedTo: String(at) },
    };
    const now = await context.step(step, (permit) =>
      compactInBatches(left, permit, { ...parts, forMs: parts.timing.compactStepMs }),
    );
    left = now;
    batches += now.batches;
    refuseUnlessPast(target, await context.observe());
  }
  const summary = `History before revision ${target} is gone: ${target - from} revisions, in ${batches} batches.`;
  return { outcome: 'succeeded', summary, figures: { batches, revisions: Number(target - from) } };
}

/** From where on there still is history. */
function fromWhere(
  state: ClusterState,
  target: bigint,
  { slot, signal }: OperationContext,
  { effects }: Parts,
): Promise<bigint> {
  const known = [
    revisionIn(slot.parameters['compactedRevision']) ?? 0n,
    revisionIn(slot.progress['compactedTo']) ?? 0n,
    seenCompactRevision(state),
  ];
  const guess = known.reduce((most, revision) => (revision > most ? revision : most));
  return compactedTo({ guess, atMost: target }, effects, signal);
}

/** Looked at again, since what was decided on may be long ago: never the newest revision, nor what backups still need. */
function refuseUnlessPast(target: bigint, { revision, durableRevision, alarms }: ClusterState): void {
  const corrupt = alarms.filter(({ alarm }) => alarm === 'CORRUPT').map(({ member }) => member);
  if (corrupt.length > 0) throw new OperationStopped('CORRUPT', `CORRUPT is raised by ${corrupt.join(', ')}`);
  if (alarms.some(({ alarm }) => alarm === 'NOSPACE')) {
    throw new OperationStopped('NOSPACE_ALARM', 'NOSPACE is raised, and that comes first');
  }
  if (target >= revision) {
    throw new OperationStopped('COMPACTION_TOO_FAR', `revision ${target} stays: the newest one is ${revision}`);
  }
  if (durableRevision !== undefined && target > durableRevision) {
    const message = `revision ${target} stays: backups are durable up to ${durableRevision}`;
    throw new OperationStopped('COMPACTION_TOO_FAR', message);
  }
}

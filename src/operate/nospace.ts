import type { Slot } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { formatBytes } from '../cluster/units.ts';
import { type Operation, type OperationContext, type OperationResult, OperationStopped } from './operation.ts';
import { atOnce, compactInBatches } from './steps/compact-batches.ts';
import { compactedTo, seenCompactRevision } from './steps/compacted-to.ts';
import { type SweepResult, sweep, sweepFigures } from './steps/defrag-sweep.ts';
import { disarmRaised, raisedNospace, testWrite } from './steps/disarm.ts';
import { type Fullness, fullnessOf, fullnessText, fullOnes, untilSizesRest } from './steps/fullness.ts';
import { parameterWrong, revisionParameter } from './steps/parameters.ts';
import type { Parts } from './steps/parts.ts';
import { unsafeToBlock } from './steps/unsafe.ts';

/** How many prefixes are named. */
const NAMED_PREFIXES = 5;

/** Below this share of its quota a member is no longer full, where the slot does not say: that of etcd-defrag. */
const DISARM_BELOW_RATIO = 0.8;

/** Every second of it is an outage: members need not be watched for as long as otherwise. */
const SETTLE_MS = 5000;

/** Writes are refused already: nobody loses more by a member that stands still. */
const CONSENT = { withoutSpare: true };

/**
 * Brings back a cluster that refuses writes: compacts up to the parameter `compactRevision` (absent or null: nothing to
 * compact), defragments the members that are full, and when all are below the parameter `disarmBelowRatio` of their quota
 * takes back NOSPACE of exactly the members that raised it; then writes once. User keys are never touched, and CORRUPT
 * never taken back. It looks only at the cluster, so that whoever takes over goes on from wherever it stands.
 */
export function nospaceOperation(parts: Parts): Operation {
  const timing = { ...parts.timing, settleMs: Math.min(SETTLE_MS, parts.timing.settleMs) };
  return { name: 'nospace', version: 1, run: (context) => recover(context, { ...parts, timing }) };
}

async function recover(context: OperationContext, parts: Parts): Promise<OperationResult> {
  const { slot, signal } = context;
  const state = await context.observe();
  const unsafe = unsafeToBlock(state, CONSENT);
  if (unsafe !== undefined) throw new OperationStopped(unsafe.code, unsafe.message);
  if (raisedNospace(state).length === 0) {
    await testWrite(context, parts);
    return { outcome: 'succeeded', summary: 'The alarm was gone already, and writes go on.' };
  }
  await compactHistory(state, context, parts);
  const ratio = ratioOf(slot);
  const compacted = await fullnessOf(state, parts, signal);
  const now = await context.observe();
  // What is in use is no sign by itself: etcd counts pages that a compaction has freed as used until its next write.
  const isFullInUse = compacted.every(({ inUseBytes, quotaBytes }) => inUseBytes >= ratio * quotaBytes);
  if (isFullInUse && isHistoryYoung(now, slot)) {
    return { ...youngHistory(slot, compacted), figures: figuresOf(slot, NO_SWEEP, compacted, now) };
  }
  const full = fullOnes(compacted, ratio).map(({ memberId }) => memberId);
  const result = await sweep(full, context, { ...parts, ...CONSENT, evenWhileLeading: true });
  const { stopped, defragmented } = result;
  if (stopped !== undefined)
    return {
      outcome: 'stopped',
      code: stopped.code,
      summary: stopText(stopped.message),
      figures: sweepFigures(result),
    };
  const after = await context.observe();
  const sizes = await fullnessOf(after, parts, signal);
  const figures = figuresOf(slot, result, sizes, after);
  const still = fullOnes(sizes, ratio);
  if (still.length > 0) return { ...liveData(after, still), figures };
  await disarmRaised(raisedNospace(after), context, parts);
  try {
    await testWrite(context, parts);
  } catch (error) {
    if (!(error instanceof OperationStopped)) throw error;
    return { outcome: 'stopped', code: error.code, summary: stopText(error.message), figures };
  }
  const members = defragmented.length === 1 ? '1 member was' : `${defragmented.length} members were`;
  return { outcome: 'succeeded', summary: `Writes go on: ${members} defragmented, the alarm is taken back.`, figures };
}

async function compactHistory(state: ClusterState, context: OperationContext, parts: Parts): Promise<void> {
  const { slot, signal } = context;
  const { compactRevision = null } = slot.parameters;
  if (compactRevision === null) return;
  const target = revisionParameter(slot, 'compactRevision');
  // Never the newest revision: whoever watches must be able to go on.
  if (target >= state.revision || (state.durableRevision !== undefined && target > state.durableRevision)) return;
  const guess = seenCompactRevision(state);
  const from = await compactedTo({ guess, atMost: target }, parts.effects, signal);
  if (from < target) {
    await context.step({ name: 'compact', detail: `from revision ${from} on, up to ${target}` }, (permit) =>
      // One step, however long it takes, as spare steps are few; and at once, as nobody can write anyway.
      compactInBatches({ at: from, target, pace: atOnce({ at: from, target }) }, permit, { ...parts, forMs: 0 }),
    );
  }
  // Also where an earlier leader has compacted: the members may not be through with it.
  await untilSizesRest(state, parts, signal);
}

function ratioOf(slot: Slot): number {
  const { disarmBelowRatio: ratio = DISARM_BELOW_RATIO } = slot.parameters;
  if (typeof ratio === 'number' && ratio > 0 && ratio < 1) return ratio;
  throw parameterWrong(slot, 'has no share of the quota in its parameter disarmBelowRatio');
}

/** Of a recovery that has defragmented nobody. */
const NO_SWEEP: SweepResult = { defragmented: [], measured: new Map() };

/** The policy looks at what was in use, and how far was compacted, before it tries again. */
function figuresOf(
  { parameters }: Slot,
  result: SweepResult,
  sizes: readonly Fullness[],
  { largestPrefixes }: ClusterState,
): Record<string, number> {
  const { compactRevision } = parameters;
  const inUse = sizes.map(({ memberId, inUseBytes }) => [`inUseBytes.${memberId}`, inUseBytes] as const);
  return {
    ...sweepFigures(result),
    ...Object.fromEntries(inUse),
    ...(typeof compactRevision === 'string' ? { compactRevision: Number(compactRevision) } : {}),
    ...(largestPrefixes.length === 0
      ? {}
      : { keyspaceBytes: largestPrefixes.reduce((sum, { bytes }) => sum + bytes, 0) }),
  };
}

/** Revisions that the agents' own keys make at each try; more than these were made by others. */
const OWN_REVISIONS = 8n;

/** Others have written since the revision up to which was compacted: it may be that what they replaced fills the quota. */
function isHistoryYoung({ revision }: ClusterState, { parameters, steps }: Slot): boolean {
  const { compactRevision } = parameters;
  const target = typeof compactRevision === 'string' ? BigInt(compactRevision) : 0n;
  return revision - target > BigInt(steps.length) + OWN_REVISIONS;
}

/** A defragmentation would only block the members: there is next to nothing that it could give back. */
function youngHistory({ parameters }: Slot, sizes: readonly Fullness[]): OperationResult {
  const since = String(parameters['compactRevision'] ?? 'the last compaction');
  return {
    outcome: 'stopped',
    code: 'NOSPACE_YOUNG_HISTORY',
    summary: `What fills the quota (${fullnessText(sizes)}) was written after revision ${since}; history so young is not compacted. It is tried again when it is old enough (maintenance.nospace.compactOlderThan).`,
  };
}

function liveData({ largestPrefixes }: ClusterState, still: readonly Fullness[]): OperationResult {
  const prefixes = largestPrefixes
    .slice(0, NAMED_PREFIXES)
    .map(({ prefix, bytes }) => `${prefix} (${formatBytes(bytes)})`);
  const who = prefixes.length === 0 ? 'no agent knows which keys' : `most of it below ${prefixes.join(', ')}`;
  return {
    outcome: 'stopped',
    code: 'NOSPACE_LIVE_DATA',
    summary: `Live data fills the quota (${fullnessText(still)}): ${who}. Delete some of it or raise --quota-backend-bytes.`,
  };
}

function stopText(message: string): string {
  return `It stopped because ${message}.`;
}

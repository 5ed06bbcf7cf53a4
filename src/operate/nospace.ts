import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../cluster/agent-error.ts';
import type { Slot } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import type { Effects, Reads } from './effects.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { compactInBatches } from './steps/compact-batches.ts';
import { sweep, sweepFigures } from './steps/defrag-sweep.ts';
import { knownCompactRevision, revisionParameter } from './steps/revisions.ts';
import type { OperateTiming } from './timing.ts';

interface Parts {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
}

/** Less free pages than this in a database are not worth its pause. */
const WORTH_RATIO = 0.05;

/** The database is written anew beside the old one; a full etcd is not to fill the disk as well. */
const ROOM_FACTOR = 1.2;

/** How many prefixes are named. */
const NAMED_PREFIXES = 5;

/**
 * Brings back a cluster that refuses writes: compacts up to the parameter `compactRevision` (absent: nothing to compact),
 * defragments whoever has something to give back, and when all are below the parameter `disarmBelowRatio` of their quota
 * takes back NOSPACE of exactly the members that raised it; then writes once. User keys are never touched. It looks only
 * at the cluster, so that whoever takes over goes on from wherever it stands.
 */
export function nospaceOperation(parts: Parts): Operation {
  return { name: 'nospace', version: 1, run: (context) => recover(context, parts) };
}

async function recover(context: OperationContext, parts: Parts): Promise<OperationResult> {
  const { effects, timing } = parts;
  const { slot, signal } = context;
  const state = await context.observe();
  if (raised(state).length === 0) return { outcome: 'succeeded', summary: 'The alarm was gone already.' };
  await compactHistory(state, context, parts);
  const targets = (await context.observe()).members.filter(isWorthIt).map(({ id }) => id);
  const { done, stopped } = await sweep(targets, context, {
    effects,
    timing,
    withoutSpare: true,
    roomFactor: ROOM_FACTOR,
  });
  const figures = sweepFigures(done);
  if (stopped !== undefined) {
    return { outcome: 'stopped', code: stopped.code, summary: `Stopped because ${stopped.message}.`, figures };
  }
  const after = await context.observe();
  const full = await stillFull(after, ratioOf(slot), effects, signal);
  if (full.length > 0) return { ...liveData(after, full), figures };
  for (const { memberId, member } of raised(after)) {
    await context.step({ name: 'disarm', memberId, detail: `NOSPACE of ${member}` }, () =>
      effects.disarmNospace(memberId, signal),
    );
  }
  const refused = await testWrite(context, parts);
  if (refused !== undefined) {
    return {
      outcome: 'stopped',
      code: 'NOSPACE_STAYS',
      summary: `The alarm was taken back, but a test write failed: ${refused}`,
      figures,
    };
  }
  const members = done.size === 0 ? 'no member' : `${done.size} members`;
  return { outcome: 'succeeded', summary: `Writes go on: ${members} defragmented, the alarm taken back.`, figures };
}

async function compactHistory(
  state: ClusterState,
  context: OperationContext,
  { effects, timing }: Parts,
): Promise<void> {
  const { slot, signal } = context;
  const { compactRevision = null } = slot.parameters;
  if (compactRevision === null) return;
  const target = revisionParameter(slot, 'compactRevision');
  const from = knownCompactRevision(state);
  // Never the newest revision: whoever watches must be able to go on.
  if (from >= target || target >= state.revision) return;
  await context.step({ name: 'compact', detail: `history before revision ${target}` }, () =>
    compactInBatches({ from, target }, { effects, timing, signal }),
  );
}

function raised({ alarms }: ClusterState): ClusterState['alarms'] {
  return alarms.filter(({ alarm }) => alarm === 'NOSPACE');
}

function isWorthIt({ isLearner, dbSizeBytes, dbSizeInUseBytes }: MemberState): boolean {
  if (isLearner || dbSizeBytes === undefined || dbSizeInUseBytes === undefined) return false;
  return dbSizeBytes - dbSizeInUseBytes >= WORTH_RATIO * dbSizeBytes;
}

/** Default: that of etcd-defrag, whose users have not complained about it. */
function ratioOf({ parameters }: Slot): number {
  const ratio = parameters['disarmBelowRatio'];
  return typeof ratio === 'number' && ratio > 0 && ratio < 1 ? ratio : 0.8;
}

interface Full {
  readonly name: string;
  readonly sizeBytes: number;
  readonly quotaBytes: number | undefined;
}

/** Members that are not below their share of the quota, by their newest Status; one whose quota is not known counts. */
async function stillFull(
  { members }: ClusterState,
  ratio: number,
  effects: Reads,
  signal: AbortSignal,
): Promise<readonly Full[]> {
  const all = await Promise.all(
    members.map(async ({ id, name, quotaBytes }): Promise<Full> => {
      return { name, quotaBytes, sizeBytes: (await effects.status(id, signal)).dbSizeBytes };
    }),
  );
  return all.filter(({ sizeBytes, quotaBytes }) => quotaBytes === undefined || sizeBytes >= ratio * quotaBytes);
}

function liveData({ largestPrefixes }: ClusterState, full: readonly Full[]): OperationResult {
  const sizes = full.map(
    ({ name, sizeBytes, quotaBytes }) => `${name} ${mebibytes(sizeBytes)} of ${mebibytes(quotaBytes)}`,
  );
  const prefixes = largestPrefixes
    .slice(0, NAMED_PREFIXES)
    .map(({ prefix, bytes }) => `${prefix} (${mebibytes(bytes)})`);
  const who = prefixes.length === 0 ? 'no agent knows which keys' : `most of it below ${prefixes.join(', ')}`;
  return {
    outcome: 'stopped',
    code: 'NOSPACE_LIVE_DATA',
    summary: `Live data fills the quota (${sizes.join(', ')}): ${who}. Delete some of it or raise --quota-backend-bytes.`,
  };
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? 'an unknown quota' : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Writes once, and looks whether the alarm comes back at once. Gives what is wrong. */
async function testWrite(context: OperationContext, { effects, timing }: Parts): Promise<string | undefined> {
  const { signal } = context;
  const failed = await context.step({ name: 'test-write' }, () =>
    effects.canaryWrite(signal).then(
      () => undefined,
      (error: unknown) => faultOf(error).message,
    ),
  );
  signal.throwIfAborted();
  if (failed !== undefined) return failed;
  await sleep(timing.reraiseMs, undefined, { signal });
  const again = raised(await context.observe()).map(({ member }) => member);
  return again.length === 0 ? undefined : `${again.join(', ')} raised it again.`;
}

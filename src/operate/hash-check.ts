import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterState } from '../cluster/state.ts';
import type { Effects, KeyspaceHash, Reads } from './effects.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import type { OperateTiming } from './timing.ts';

/** Comparisons that must differ, each at one revision and one compact revision, before it is called a mismatch. */
const MISMATCHES = 3;

/** Comparisons in all: a compaction in between makes one worthless. */
const ATTEMPTS = 6;

interface Parts {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
}

/** Compares the hashes of all voters' keyspaces, one member at a time. Figure `hashMismatch`: 1 where they differ. */
export function hashCheckOperation(parts: Parts): Operation {
  return { name: 'hash-check', version: 1, run: (context) => compare(context, parts) };
}

async function compare(context: OperationContext, parts: Parts): Promise<OperationResult> {
  let mismatches = 0;
  let last: ReadonlyMap<string, KeyspaceHash> = new Map();
  for (let attempt = 0; attempt < ATTEMPTS && mismatches < MISMATCHES; attempt += 1) {
    if (attempt > 0) await sleep(parts.timing.hashPauseMs, undefined, { signal: context.signal });
    const state = await context.observe();
    const missing = state.members.find(({ isLearner, reachable }) => !isLearner && !reachable);
    if (missing !== undefined) {
      return {
        outcome: 'stopped',
        code: 'MEMBER_DOWN',
        summary: `${missing.name} does not answer: nothing to compare.`,
      };
    }
    last = await hashes(state, context, parts);
    const all = [...last.values()];
    if (new Set(all.map(({ compactRevision }) => compactRevision)).size > 1) continue;
    if (new Set(all.map(({ hash }) => hash)).size === 1) {
      const summary = `The keyspaces of ${all.length} members are equal.`;
      return { outcome: 'succeeded', summary, figures: { hashMismatch: 0, members: all.length } };
    }
    mismatches += 1;
  }
  if (mismatches < MISMATCHES) {
    const summary = 'The members were compacted at different revisions each time: nothing could be compared.';
    return { outcome: 'stopped', code: 'HASH_NOT_COMPARABLE', summary };
  }
  return { outcome: 'succeeded', summary: mismatchText(last), figures: { hashMismatch: 1, members: last.size } };
}

/** At the newest revision that all of them have. */
async function hashes(
  { members }: ClusterState,
  context: OperationContext,
  { effects }: Parts,
): Promise<ReadonlyMap<string, KeyspaceHash>> {
  const { signal } = context;
  const voters = members.filter(({ isLearner }) => !isLearner);
  const statuses = await Promise.all(voters.map(({ id }) => effects.status(id, signal)));
  const [revision = 0n] = statuses.map((status) => status.revision).toSorted(ascending);
  const found = new Map<string, KeyspaceHash>();
  for (const { id, name } of voters) {
    const detail = `${name} at revision ${revision}`;
    found.set(
      name,
      await context.step({ name: 'hash', memberId: id, detail }, () => effects.hashKeyspace(id, revision, signal)),
    );
  }
  return found;
}

/** Math.min takes no bigint. */
function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

/** Names who differs from the majority; where there is none, all of them. */
function mismatchText(found: ReadonlyMap<string, KeyspaceHash>): string {
  const groups = [...Map.groupBy(found, ([, { hash }]) => hash).values()].toSorted((a, b) => b.length - a.length);
  const [largest = []] = groups;
  const names = (group: typeof largest): string => group.map(([name]) => name).join(', ');
  const times = `${MISMATCHES} times in a row`;
  return largest.length * 2 > found.size
    ? `MISMATCH, ${times}: ${names(groups.slice(1).flat())} differs from the majority (${names(largest)}).`
    : `MISMATCH, ${times}, and no majority agrees: ${groups.map(names).join(' | ')}.`;
}

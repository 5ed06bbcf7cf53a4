import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import type { KeyspaceHash, Permit } from './effects.ts';
import type { OperationResult } from './operation.ts';
import { type Hashes, mismatch, newestOfAll } from './steps/hash-groups.ts';
import type { Parts } from './steps/parts.ts';
import { votersOf } from './steps/unsafe.ts';

/** As in a hash check: comparisons that must differ, and how many are made at most. */
const MISMATCHES = 3;
const ATTEMPTS = 6;

/**
 * Finds out what a raised CORRUPT alarm is about, and takes it back where a majority's data are right: etcd refuses every write while it
 * stands, those of the journal too, and only then can the minority be replaced. It stands in no slot, for the same reason: all that it
 * does before it is sure is to read, and to take an alarm back twice comes to the same.
 *
 * Whom the alarm names does not count: etcd compares with its raft leader, whose data may be those that are wrong, and may name nobody.
 *
 * Gives the result of the comparison, as a hash check does; undefined where nothing could be compared: a voter that does not answer may be the one
 * whose data are right.
 */
export async function clearCorruptAlarm(
  state: ClusterState,
  parts: Parts,
  permit: Permit,
): Promise<OperationResult | undefined> {
  const voters = votersOf(state);
  if (voters.some(({ reachable }) => !reachable)) return undefined;
  let differed = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await sleep(parts.timing.hashPauseMs, undefined, { signal: permit.signal });
    const hashes = await hashesOf(state, voters, parts, permit);
    const all = [...hashes.values()];
    if (new Set(all.map(({ compactRevision }) => compactRevision)).size !== 1) continue;
    if (new Set(all.map(({ hash }) => hash)).size === 1) {
      const isRaised = state.alarms.some(({ alarm }) => alarm === 'CORRUPT');
      const summary = `CORRUPT ${isRaised ? 'is' : 'was'} raised, and the keyspaces of ${all.length} members are equal.`;
      return { outcome: 'succeeded', summary, figures: { hashMismatch: 0, members: all.length } };
    }
    differed += 1;
    if (differed < MISMATCHES) continue;
    const result = mismatch(hashes, MISMATCHES);
    const isMajority =
      Object.keys(result.figures ?? {}).filter((name) => name.startsWith('hashDiffers.')).length * 2 < all.length;
    if (isMajority) await takeCorruptBack(state, parts, permit);
    return result;
  }
  return undefined;
}

async function hashesOf(
  state: ClusterState,
  voters: readonly MemberState[],
  parts: Parts,
  permit: Permit,
): Promise<Hashes> {
  const revision = await newestOfAll(state, parts, permit.signal);
  const found = new Map<MemberState, KeyspaceHash>();
  // One after the other: each blocks writes through its member.
  for (const voter of voters) found.set(voter, await parts.effects.hashKeyspace(voter.id, revision, permit));
  return found;
}

/** Takes back every CORRUPT alarm that is raised, each by the member that it names. Done twice it comes to the same. */
export async function takeCorruptBack({ alarms }: ClusterState, { effects }: Parts, permit: Permit): Promise<void> {
  for (const { memberId, alarm } of alarms) {
    if (alarm === 'CORRUPT') await effects.disarmCorrupt(memberId, permit);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { MemberState } from '../../cluster/state.ts';
import type { KeyspaceHash, Permit } from '../effects.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { Parts } from './parts.ts';
import { steadyState, wellVoters } from './steady-state.ts';

/** Comparisons that must differ before it is called a mismatch, as in a hash check. */
const MISMATCHES = 3;

/** Comparisons in all: a compaction in between makes one worthless. */
const ATTEMPTS = 6;

/**
 * Sees that a new voter is one: by the list, by its own word, by a read through a quorum, and by the hash of its data at one
 * revision and one compact revision, which another voter has to have too: a follower where there is one, since what the
 * newcomer has came from the raft leader. Gives the revision at which they were equal.
 * @throws AgentError `MEMBER_DIFFERS`; OperationStopped `NOT_SETTLED`, `HASH_NOT_COMPARABLE`
 */
export async function verifyMember(memberId: string, context: OperationContext, parts: Parts): Promise<bigint> {
  const { signal } = context;
  const { timing } = parts;
  await untilServing(memberId, context, parts);
  let mismatches = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await sleep(timing.hashPauseMs, undefined, { signal });
    const state = await steadyState(context, parts);
    const others = wellVoters(state, memberId);
    const other = others.find(({ id }) => id !== state.leaderId) ?? others[0];
    if (other === undefined) throw new OperationStopped('NOT_SETTLED', 'there is no other voter to compare it with');
    const compared = await context.step({ name: 'verify', memberId, detail: `against ${other.name}` }, (permit) =>
      compare(memberId, other, permit, parts),
    );
    if (compared === undefined) continue;
    if (compared.equal) return compared.revision;
    mismatches += 1;
    if (mismatches < MISMATCHES) continue;
    const message = `The new member ${memberId} has other data than ${other.name} at revision ${compared.revision}, ${MISMATCHES} times in a row.`;
    throw new AgentError('MEMBER_DIFFERS', message, {
      remedy: 'Have all members compared (`run hash-check`): one of them is corrupt.',
    });
  }
  throw new OperationStopped(
    'HASH_NOT_COMPARABLE',
    'the members were compacted while their hashes were read, each time',
  );
}

async function untilServing(memberId: string, context: OperationContext, parts: Parts): Promise<void> {
  const { signal } = context;
  const { effects, timing } = parts;
  const begunMs = performance.now();
  for (;;) {
    const state = await steadyState(context, parts);
    const wrong = await whyNot(
      state.members.find(({ id }) => id === memberId),
      memberId,
      { effects, timing },
      signal,
    );
    if (wrong === undefined) return;
    if (performance.now() - begunMs > timing.settleWithinMs) {
      throw new OperationStopped('NOT_SETTLED', `the new member ${memberId} does not serve: ${wrong}`);
    }
    await sleep(timing.pollMs, undefined, { signal });
  }
}

async function whyNot(
  listed: MemberState | undefined,
  memberId: string,
  { effects }: Parts,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (listed === undefined || listed.isLearner) return 'the list does not say that it is a voter';
  try {
    const status = await effects.status(memberId, signal);
    if (status.isLearner) return 'it says itself that it is a learner';
    await effects.linearizableRead(memberId, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return faultOf(error).message;
  }
}

/** Undefined where the two could not be compared. */
async function compare(
  memberId: string,
  other: MemberState,
  permit: Permit,
  { effects }: Parts,
): Promise<{ readonly equal: boolean; readonly revision: bigint } | undefined> {
  const { signal } = permit;
  const statuses = await Promise.all([memberId, other.id].map((id) => effects.status(id, signal)));
  const [revision = 0n] = statuses.map((status) => status.revision).toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  const hashOf = (id: string): Promise<KeyspaceHash | undefined> =>
    effects.hashKeyspace(id, revision, permit).catch((error: unknown) => {
      signal.throwIfAborted();
      if (faultOf(error).code === 'ETCD_COMPACTED') return undefined;
      throw error;
    });
  const theirs = await hashOf(other.id);
  const own = await hashOf(memberId);
  if (own === undefined || theirs === undefined || own.compactRevision !== theirs.compactRevision) return undefined;
  return { equal: own.hash === theirs.hash, revision };
}

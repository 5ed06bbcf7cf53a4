import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../cluster/agent-error.ts';
import type { MemberState } from '../cluster/state.ts';
import type { KeyspaceHash } from './effects.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { gate, stillLedAs } from './steps/gate.ts';
import { type Hashes, mismatch, newestOfAll } from './steps/hash-groups.ts';
import type { Parts } from './steps/parts.ts';
import { votersOf } from './steps/unsafe.ts';

/** Comparisons that must differ, each at one revision and one compact revision, before it is called a mismatch. */
const MISMATCHES = 3;

/** Comparisons in all: a compaction in between makes one worthless. */
const ATTEMPTS = 6;

/** Whether a cluster may stand still for it the policy decides; learners refuse HashKV, and are left out. */
const CONSENT = { withoutSpare: true, besideLearners: true };

/**
 * Compares the hashes of all voters' keyspaces, one member at a time, at one revision. Figure `hashMismatch`: 1 where they
 * differ, else 0; and `hashDiffers.<member id>`: 1 for each that is not with the majority.
 */
export function hashCheckOperation(parts: Parts): Operation {
  return { name: 'hash-check', version: 1, run: (context) => compare(context, parts) };
}

async function compare(context: OperationContext, parts: Parts): Promise<OperationResult> {
  let mismatches = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await sleep(parts.timing.hashPauseMs, undefined, { signal: context.signal });
    const hashes = await hashesOf(context, parts);
    if ('code' in hashes) {
      return { outcome: 'stopped', code: hashes.code, summary: `It stopped because ${hashes.message}.` };
    }
    const all = [...hashes.values()];
    if (new Set(all.map(({ compactRevision }) => compactRevision)).size !== 1) continue;
    if (new Set(all.map(({ hash }) => hash)).size === 1) {
      const summary = `The keyspaces of ${all.length} members are equal.`;
      return { outcome: 'succeeded', summary, figures: { hashMismatch: 0, members: all.length } };
    }
    mismatches += 1;
    if (mismatches === MISMATCHES) return mismatch(hashes, MISMATCHES);
  }
  const summary = 'The members were compacted while their hashes were read, each time: nothing could be compared.';
  return { outcome: 'stopped', code: 'HASH_NOT_COMPARABLE', summary };
}

/** At the newest revision that all of them have; none where it was compacted meanwhile. */
async function hashesOf(
  context: OperationContext,
  parts: Parts,
): Promise<Hashes | { readonly code: string; readonly message: string }> {
  const { signal } = context;
  const { effects } = parts;
  const found = new Map<MemberState, KeyspaceHash>();
  let revision: bigint | undefined;
  for (const id of await orderOf(context)) {
    const gated = await gate(context, parts, CONSENT);
    if ('unsafe' in gated) return gated.unsafe;
    const { state } = gated;
    const member = votersOf(state).find((voter) => voter.id === id);
    if (member === undefined) return { code: 'TARGET_GONE', message: `${id} is no voter any more` };
    revision ??= await newestOfAll(state, parts, signal);
    const at = revision;
    const step = {
      name: 'hash',
      memberId: id,
      detail: `${member.name} at revision ${at}`,
      ready: () => stillLedAs(state, parts, signal),
    };
    const hash = await context.step(step, (permit) =>
      effects.hashKeyspace(id, at, permit).catch((error: unknown) => {
        signal.throwIfAborted();
        if (faultOf(error).code === 'ETCD_COMPACTED') return undefined;
        throw error;
      }),
    );
    if (hash === undefined) return new Map();
    found.set(member, hash);
  }
  return found;
}

/** The raft leader last. */
async function orderOf(context: OperationContext): Promise<readonly string[]> {
  const state = await context.observe();
  const ids = votersOf(state).map(({ id }) => id);
  return [...ids.filter((id) => id !== state.leaderId), ...ids.filter((id) => id === state.leaderId)];
}

import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import { untilIdle } from './defragment-member.ts';
import type { Parts } from './parts.ts';
import { type Consent, unsafeToBlock, votersOf } from './unsafe.ts';

/** The state in which one voter may be blocked, or why none may be. */
export type Gated = { readonly state: ClusterState } | { readonly unsafe: Reason };

/** What one call that comes late looks like. */
const MAY_PASS: ReadonlySet<string> = new Set([
  'ALARMS_UNKNOWN',
  'LAG_UNKNOWN',
  'MEMBER_DOWN',
  'MEMBER_LAGS',
  'MEMBER_UNHEALTHY',
  'NO_QUORUM',
  'NO_RAFT_LEADER',
]);

/**
 * Looks at the cluster afresh before a voter is blocked: everybody is well, a quorum answers through each, and nobody is
 * being defragmented, whoever began that: it is waited for. Where somebody does not answer it is looked again for `timing.silenceMs`.
 * Throws `MEMBER_DOWN` as `untilIdle` does.
 */
export async function gate(context: OperationContext, parts: Parts, consent: Consent): Promise<Gated> {
  const { timing } = parts;
  const begunMs = performance.now();
  for (;;) {
    const gated = await look(context, parts, consent);
    const isOver = performance.now() - begunMs >= timing.silenceMs;
    if ('state' in gated || !MAY_PASS.has(gated.unsafe.code) || isOver) return gated;
    await sleep(timing.pollMs, undefined, { signal: context.signal });
  }
}

async function look(context: OperationContext, parts: Parts, consent: Consent): Promise<Gated> {
  const { signal } = context;
  for (;;) {
    const state = await context.observe().catch((error: unknown) => {
      signal.throwIfAborted();
      return faultOf(error).message.replace(/\.$/, '');
    });
    if (typeof state === 'string') return { unsafe: { code: 'NO_QUORUM', message: state } };
    const unsafe = unsafeToBlock(state, consent);
    if (unsafe !== undefined) return { unsafe };
    const voters = votersOf(state);
    const busy = await Promise.all(voters.map((voter) => isBusy(voter, parts, signal)));
    if (!busy.includes(true)) {
      const silent = await firstSilent(voters, parts, signal);
      return silent === undefined ? { state } : { unsafe: silent };
    }
    for (const { id } of voters.filter((_, index) => busy[index])) await untilIdle(id, { ...parts, signal });
  }
}

/**
 * For the moment right before a voter is blocked: still the same raft leader in the same term, by the voters' own word.
 * @throws OperationStopped `LEADER_CHANGED`, `MEMBER_DOWN`
 */
export async function stillLedAs(state: ClusterState, { effects }: Parts, signal: AbortSignal): Promise<void> {
  for (const { id, name } of votersOf(state)) {
    const status = await effects.status(id, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new OperationStopped('MEMBER_DOWN', `${name} does not answer any more: ${faultOf(error).message}`, {
        member: name,
        cause: error,
      });
    });
    if (status.raftTerm === state.raftTerm && status.leaderId === state.leaderId) continue;
    const message = `the raft leader is not ${state.leaderId} of term ${state.raftTerm} any more: ${name} names ${status.leaderId} of term ${status.raftTerm}`;
    throw new OperationStopped('LEADER_CHANGED', message, { member: name });
  }
}

/** Where its metrics page cannot be read, what the agent beside it has seen counts. */
async function isBusy({ id, observed }: MemberState, { effects }: Parts, signal: AbortSignal): Promise<boolean> {
  const inflight = await effects.defragInflight(id, signal).catch(() => undefined);
  signal.throwIfAborted();
  return inflight ?? observed?.defragInflight ?? false;
}

async function firstSilent(
  voters: readonly MemberState[],
  { effects }: Parts,
  signal: AbortSignal,
): Promise<Reason | undefined> {
  const faults = await Promise.all(
    voters.map(({ id, name }) =>
      effects.linearizableRead(id, signal).then(
        () => undefined,
        (error: unknown) => ({
          code: 'MEMBER_DOWN',
          message: `no quorum answers through ${name}: ${faultOf(error).message}`,
        }),
      ),
    ),
  );
  signal.throwIfAborted();
  return faults.find((fault) => fault !== undefined);
}

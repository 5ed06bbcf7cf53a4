import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Permit, Reads } from '../effects.ts';
import type { OperationContext } from '../operation.ts';
import type { OperateTiming } from '../timing.ts';
import type { Parts } from './parts.ts';

/** The call was refused, or not made at all; after anything else it may be under way. */
const REFUSED: ReadonlySet<string> = new Set([
  'ETCD_AUTH_FAILED',
  'ETCD_AUTH_REQUIRED',
  'ETCD_PERMISSION_DENIED',
  'ETCD_UNSUPPORTED',
  'ETCD_WRONG_MEMBER',
  'TERM_LOST',
]);

/** A member is idle when it says so this often in a row: the call may still be on its way at the first time. */
const IDLE_ANSWERS = 2;

export interface Defragmented {
  readonly seconds: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/**
 * Defragments one member and comes back when that is really over. The call has no deadline: etcd does not stop when its
 * caller does, and whoever went on to the next member would block two at once (etcd-defrag's 30 s did). When the answer
 * is lost, the member is watched instead.
 */
export async function defragmentMember(
  memberId: string,
  permit: Permit,
  { effects, timing, log }: Parts & { readonly log: OperationContext['log'] },
): Promise<Defragmented> {
  const { signal } = permit;
  const before = await effects.status(memberId, signal);
  const startedMs = performance.now();
  try {
    await effects.defragment(memberId, permit);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = faultOf(error);
    if (REFUSED.has(code)) throw error;
    log('the answer of a defragmentation is lost: waiting until the member is idle', { memberId, code, message });
    await untilIdle(memberId, { effects, timing, signal });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const after = await effects.status(memberId, signal);
  return { seconds, bytesBefore: before.dbSizeBytes, bytesAfter: after.dbSizeBytes };
}

/**
 * Waits until a member does not defragment, whoever began it: by `etcd_disk_defrag_inflight`, and because old versions do
 * not have that, by a read from its own memory, which waits as long as the database is being rewritten.
 * @throws AgentError `MEMBER_DOWN` where it refuses connections, or is silent, for so long that it must be down
 */
export async function untilIdle(
  memberId: string,
  { effects, timing, signal }: { effects: Reads; timing: OperateTiming; signal: AbortSignal },
): Promise<void> {
  let answeredMs = performance.now();
  let idle = 0;
  for (;;) {
    const look = await idleNow(memberId, effects, signal).catch((error: unknown) => faultOf(error));
    signal.throwIfAborted();
    if (typeof look === 'boolean') {
      answeredMs = performance.now();
      idle = look ? idle + 1 : 0;
      if (idle >= IDLE_ANSWERS) return;
    } else {
      idle = 0;
      const silentMs = performance.now() - answeredMs;
      const limitMs = look.code === 'ETCD_UNREACHABLE' ? timing.downAfterMs : timing.silentAfterMs;
      if (silentMs > limitMs) throw memberDown(memberId, silentMs, look.message);
    }
    await sleep(timing.pollMs, undefined, { signal });
  }
}

/** A page that cannot be read says as little as one of a version without the figure. */
async function idleNow(memberId: string, effects: Reads, signal: AbortSignal): Promise<boolean> {
  const inflight = await effects.defragInflight(memberId, signal).catch(() => undefined);
  signal.throwIfAborted();
  if (inflight === true) return false;
  try {
    await effects.localRead(memberId, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // Status needs no database: a member that answers it and no read is busy, not gone.
    if (faultOf(error).code === 'ETCD_DEADLINE') await effects.status(memberId, signal);
    else throw error;
    return false;
  }
}

function memberDown(memberId: string, silentMs: number, reason: string): AgentError {
  const message = `The outcome of the defragmentation of ${memberId} is not known, and it has not answered for ${Math.round(silentMs / 1000)} s: ${reason}`;
  return new AgentError('MEMBER_DOWN', message, {
    member: memberId,
    remedy: 'Look at this member: its process, log and disk.',
  });
}

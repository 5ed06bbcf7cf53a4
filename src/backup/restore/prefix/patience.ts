import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdError, type EtcdErrorCode } from '../../../etcd/errors.ts';

/** How long a cluster that does not answer is waited for. */
export interface Patience {
  /** Since the last answer, in ms. */
  readonly forMs: number;
}

/** An election, a restart of a member or a full disk queue pass within that; a person waits for it. */
export const PATIENCE: Patience = { forMs: 60_000 };

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** Failures that may pass. After one of them nobody knows whether a change was made, or will be. */
const PASSING: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>([
  'ETCD_DEADLINE',
  'ETCD_GARBLED_REPLY',
  'ETCD_LEADER_CHANGED',
  'ETCD_NO_LEADER',
  'ETCD_STOPPING',
  'ETCD_TIMED_OUT',
  'ETCD_TOO_MANY_REQUESTS',
  'ETCD_UNREACHABLE',
]);

/** Whether it may pass, with the outcome of a change unknown. */
export function mayPass(error: unknown): boolean {
  return error instanceof EtcdError && PASSING.has(error.code);
}

/** Asks until there is an answer. For what changes nothing. Throws what does not pass, or not in time. */
export async function patiently<T>(ask: () => Promise<T>, { forMs }: Patience, signal: AbortSignal): Promise<T> {
  const untilMs = performance.now() + forMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error) || performance.now() + pauseMs > untilMs) throw error;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

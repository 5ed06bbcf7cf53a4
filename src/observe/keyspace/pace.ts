import { setTimeout as sleep } from 'node:timers/promises';

/** How fast the scan may go. */
export interface PaceLimits {
  readonly keysPerSecond: number;
  /**
   * The part of the time in which a page may be under way. When etcd gets slow, pages take longer, and with this the pauses
   * between them do too. 1: no pauses but those for the rate.
   */
  readonly busyShare: number;
}

/** How long to wait after a page of so many keys that took so many seconds. */
export function pauseSeconds(limits: PaceLimits, keys: number, tookSeconds: number): number {
  const forRate = keys / limits.keysPerSecond - tookSeconds;
  const forShare = tookSeconds / limits.busyShare - tookSeconds;
  return Math.max(0, forRate, forShare);
}

/** Waits; an abort ends it early with the signal's reason. */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  if (seconds > 0) {
    await sleep(seconds * 1000, undefined, { signal });
  }
  signal.throwIfAborted();
}

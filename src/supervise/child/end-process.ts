import { setTimeout as sleep } from 'node:timers/promises';
import type { EtcdProcess } from './etcd-process.ts';

/** Asks a process to end, kills it where it has not within `graceMs`, and is back when it has ended. Throws the system's error where it may not. */
export async function endProcess(process: EtcdProcess, graceMs: number): Promise<void> {
  process.hold(true);
  const enough = new AbortController();
  try {
    await process.signal('SIGTERM');
    // A process that is stopped (SIGSTOP) takes the signal only when it goes on.
    await process.signal('SIGCONT');
    const isLate = sleep(graceMs, true, { signal: enough.signal }).catch(() => false);
    if (await Promise.race([process.ended.then(() => false), isLate])) await process.signal('SIGKILL');
    await process.ended;
  } finally {
    enough.abort();
    process.hold(false);
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RealMember } from '../real/cluster.ts';

const script = fileURLToPath(new URL('open-load-child.ts', import.meta.url));

/**
 * Longer than etcd's own limit for a request (5 s and two election timeouts), so that what fails is what etcd refuses, and
 * not what a client gave up.
 */
const attemptTimeoutMs = 10_000;
/** What etcd's own client waits before it tries again. */
const retryPauseMs = 50;
/** The n-th write goes to key n modulo this. */
export const keysPerMember = 1000;
const valueBytes = 512;

/** What one member's load is told. */
export interface MemberLoadPlan {
  readonly member: string;
  readonly endpoint: string;
  readonly writesPerSecond: number;
  readonly readsPerSecond: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly attemptTimeoutMs: number;
  readonly retryPauseMs: number;
}

/** All requests of one kind through one member, in the order of the times at which they were to be sent. */
export interface RequestRecords {
  /** When each was to be sent: ms since 1970. */
  readonly intendedMs: Float64Array;
  /** How much later it was sent, because the client itself was late. */
  readonly lateMs: Float64Array;
  /** When its answer was there, that of the second attempt where the first one failed: ms since 1970. */
  readonly endedMs: Float64Array;
  /** Attempts that failed: 0, 1 (the second one succeeded) or 2. */
  readonly failures: Uint8Array;
}

/** What came of the requests through one member. */
export interface MemberLoad {
  readonly member: string;
  readonly writes: RequestRecords;
  readonly reads: RequestRecords;
  /** Failed attempts by their reason. */
  readonly faults: ReadonlyMap<string, number>;
}

/** Requests per second through all members together; each member gets the same share. */
export interface LoadRates {
  readonly writesPerSecond: number;
  readonly readsPerSecond: number;
}

/** A load under way; whoever starts it stops it. */
export interface OpenLoad extends AsyncDisposable {
  /** Lets requests under way end, and tells what came of all of them, member by member. */
  stop(): Promise<readonly MemberLoad[]>;
}

/**
 * Starts an open-loop load: puts and linearizable reads at fixed times, through every member by a client of its own in a
 * process of its own, whether or not earlier requests have been answered. A failed request is tried once more, through
 * the same member. So a stall is seen by every request that was to be sent while it lasted.
 */
export async function startOpenLoad(members: readonly RealMember[], rates: LoadRates): Promise<OpenLoad> {
  const children = members.map(({ name, endpoint }) => {
    const plan: MemberLoadPlan = {
      member: name,
      endpoint,
      writesPerSecond: rates.writesPerSecond / members.length,
      readsPerSecond: rates.readsPerSecond / members.length,
      ...{ keys: keysPerMember, valueBytes, attemptTimeoutMs, retryPauseMs },
    };
    return fork(script, [JSON.stringify(plan)], { serialization: 'advanced' });
  });
  const end = async (): Promise<void> => {
    await Promise.all(children.map(endNow));
  };
  try {
    await Promise.all(children.map(nextMessage));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    stop: () =>
      Promise.all(
        children.map(async (child) => {
          const load = nextMessage(child);
          child.send('stop');
          return (await load) as MemberLoad;
        }),
      ),
    [Symbol.asyncDispose]: end,
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
    throw new Error(`a process of the load ended with ${code ?? signal}`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: ended.signal }), exit]);
    return message;
  } finally {
    exit.catch(() => undefined);
    ended.abort();
  }
}

async function endNow(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

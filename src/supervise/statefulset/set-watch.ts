import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { KubeApi, SeenSet } from './kube-api.ts';
import type { SetState } from './kube-objects.ts';

/** How a StatefulSet is followed. */
export interface SetWatchTiming {
  /** The pause after the first failure; twice as long after each further one, */
  readonly firstPauseMs: number;
  /** up to this. */
  readonly longestPauseMs: number;
  /** A watch in which nothing is heard for so long is begun anew: API servers send a bookmark about once a minute. */
  readonly quietMs: number;
}

export const setWatchTiming: SetWatchTiming = { firstPauseMs: 1000, longestPauseMs: 30_000, quietMs: 150_000 };

export interface SetWatchOptions {
  readonly api: Pick<KubeApi, 'statefulSet' | 'watchStatefulSet'>;
  readonly name: string;
  readonly timing: SetWatchTiming;
  /** Called with each state of the set that is another one; `undefined`: there is none. Must not throw. */
  readonly onChange: (set: SetState | undefined) => void;
  /** The API is away, or refuses. Called once for each failure in a row. Must not throw. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Follows one StatefulSet from now until it is disposed of, however long the API is away and whatever it ends with: each watch begins with
 * a list, so that neither a version that is too old (410) nor a lost event matters. Nothing waits for it.
 */
export function watchSet(options: SetWatchOptions): AsyncDisposable {
  const ending = new AbortController();
  const working = follow(options, ending.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await working;
    },
  };
}

async function follow({ api, name, timing, onChange, onFault }: SetWatchOptions, signal: AbortSignal): Promise<void> {
  const { firstPauseMs, longestPauseMs, quietMs } = timing;
  let told: string | undefined;
  let pauseMs = firstPauseMs;
  const take = ({ set }: SeenSet): void => {
    pauseMs = firstPauseMs;
    const text = JSON.stringify(set) ?? '';
    if (text === told) return;
    told = text;
    onChange(set);
  };
  while (!signal.aborted) {
    try {
      const seen = await api.statefulSet(name, signal);
      take(seen);
      await api.watchStatefulSet(name, { resourceVersion: seen.resourceVersion, quietMs }, take, signal);
      // A server that ends each watch at once is not to be asked without a pause.
      await sleep(firstPauseMs / 4, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      if (faultOf(error).code !== 'KUBE_GONE') onFault(error);
      // Half of it at random: all agents lose the same API server at the same time.
      await sleep(pauseMs / 2 + (Math.random() * pauseMs) / 2, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  }
}

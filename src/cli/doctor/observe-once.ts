import { setTimeout as sleep } from 'node:timers/promises';
import { Diagnostician } from '../../agent/diagnosis/diagnostician.ts';
import { buildObserver } from '../../agent/observer.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { Config } from '../../config/config.ts';

/** Long enough for a few probes of each peer and some fsyncs between the two looks. */
const betweenRoundsMs = 2500;

/** A doctor may wait longer than a loop. */
const deadlineMs = 10_000;

/** Collectors that the doctor leaves out: it measures the disk and the load by itself, and does not read all keys. */
const leftOut: ReadonlySet<string> = new Set(['fsync-probe', 'keyspace', 'canary']);
const needDirectories: ReadonlySet<string> = new Set(['disk', 'filesystem']);

/** Observes with the agent's own collectors, twice, for what takes an interval: the newest readings count. Rejects never. */
export async function observeOnce(
  config: Config,
  options: { readonly knowsDirectories: boolean; readonly signal: AbortSignal },
): Promise<Observation> {
  const { signal, knowsDirectories } = options;
  const { runner, close } = await buildObserver(quickened(config), {
    only: (name) => !leftOut.has(name) && (knowsDirectories || !needDirectories.has(name)),
  });
  let closing: Promise<void> | undefined;
  const closeOnce = (): Promise<void> => {
    closing ??= close();
    return closing;
  };
  const stop = (): void => void closeOnce();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const diagnostician = new Diagnostician(2);
    diagnostician.take(await runner.round());
    await sleep(betweenRoundsMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) diagnostician.take(await runner.round());
    return { ...runner.observation, ...diagnostician.part() };
  } finally {
    signal.removeEventListener('abort', stop);
    await closeOnce();
  }
}

/** Peers are probed as often as they may be, since there are only seconds. */
function quickened(config: Config): Config {
  const peers = { ...config.observe.peers, intervalMs: 1000, timeoutMs: Math.min(config.observe.peers.timeoutMs, 900) };
  const collectors = { ...config.observe.collectors, keyspace: false };
  return { ...config, observe: { ...config.observe, intervalMs: betweenRoundsMs, deadlineMs, peers, collectors } };
}

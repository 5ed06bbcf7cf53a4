import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../chaos/waiting.ts';
import type { AlertFault } from './faults.ts';
import type { Told } from './inbox.ts';
import type { Monitoring } from './monitoring.ts';
import type { WatchedCluster } from './watched-cluster.ts';

/** What came of one fault. */
export interface AlertResult {
  readonly fault: string;
  readonly alert: string;
  /** From the fault to the webhook. */
  readonly toldSeconds: number;
  /** From when it was mended to the webhook's being told so. */
  readonly resolvedSeconds: number;
  /** Alerts that fired in Prometheus, and of which nobody was told. */
  readonly inhibited: readonly string[];
  /** Others of which somebody was told meanwhile, with their severities. */
  readonly also: readonly string[];
  readonly cost: Cost;
}

/** What the rules and the agents cost Prometheus. */
export interface Cost {
  /** The longest evaluation of one group of rules, and of all of them together. */
  readonly slowestGroupSeconds: number;
  readonly allGroupsSeconds: number;
  /** The most that one agent has. */
  readonly seriesPerAgent: number;
}

/** Alerts come after their `for`; on a busy machine everything around it takes its time. */
const SLACK_MS = 90_000;
/** A fault is mended when its agents have started again, elected, and looked. */
const MENDED_WITHIN_MS = 240_000;
/** So long whoever may not be told is given the chance to be. */
const HELD_BACK_MS = 10 * 60_000;

/** Strikes, waits until the right alert has reached the webhook, mends, and waits until it is taken back. Throws what did not come. */
export async function alertRun(watched: WatchedCluster, fault: AlertFault, factor: number): Promise<AlertResult> {
  await using monitoring = await watched.watch(factor);
  const { inbox } = monitoring;
  const beganMs = performance.now();
  const mend = await fault.strike(watched);
  let isMended = false;
  try {
    const patienceMs = fault.forMs / factor + SLACK_MS;
    const told = await inbox.until(fault.alert, 'firing', beganMs, patienceMs);
    for (const name of fault.inhibited) {
      await until(`${name} does not fire`, () => isFiring(monitoring, name), { patienceMs, pauseMs: 100 });
    }
    if (fault.inhibited.length > 0) await sleep(HELD_BACK_MS / factor);
    const leaked = since(inbox.told, beganMs).filter(({ alert }) => fault.inhibited.includes(alert));
    if (leaked.length > 0) throw new Error(`somebody was told of ${leaked.map(({ alert }) => alert).join(', ')}`);
    const cost = await costOf(monitoring);
    const mendingMs = performance.now();
    await mend();
    isMended = true;
    const resolved = await inbox.until(fault.alert, 'resolved', mendingMs, MENDED_WITHIN_MS);
    await watched.ground.cluster.untilWell(undefined, MENDED_WITHIN_MS);
    return {
      ...{ fault: fault.name, alert: fault.alert, inhibited: fault.inhibited, cost },
      toldSeconds: (told.atMs - beganMs) / 1000,
      resolvedSeconds: (resolved.atMs - mendingMs) / 1000,
      also: othersOf(since(inbox.told, beganMs), fault.alert),
    };
  } catch (error) {
    const standing = (await monitoring.alerts().catch(() => [])).map(
      ({ labels, state }) => `${labels['alertname']} ${state}`,
    );
    throw new Error(`${fault.name}: ${String(error)}; Prometheus has ${standing.join(', ') || 'nothing'}`, {
      cause: error,
    });
  } finally {
    if (!isMended) await mend().catch(() => undefined);
  }
}

async function isFiring({ alerts }: Monitoring, name: string): Promise<string | undefined> {
  const there = (await alerts()).filter(({ labels }) => labels['alertname'] === name);
  return there.some(({ state }) => state === 'firing') ? undefined : (there[0]?.state ?? 'it is not even pending');
}

/** What a person was told; heartbeats are for machines. */
export function since(told: readonly Told[], sinceMs: number): readonly Told[] {
  return told.filter(({ atMs, status, severity }) => atMs >= sinceMs && status === 'firing' && severity !== 'none');
}

function othersOf(told: readonly Told[], but: string): readonly string[] {
  return [...new Set(told.filter(({ alert }) => alert !== but).map((each) => `${each.alert} (${each.severity})`))];
}

/** By Prometheus' own metrics of itself. */
export async function costOf({ query, ruleSeconds }: Monitoring): Promise<Cost> {
  const seconds = await ruleSeconds();
  const series = await query('scrape_samples_scraped{job="etcd-caretaker"}');
  return {
    slowestGroupSeconds: Math.max(0, ...seconds),
    allGroupsSeconds: seconds.reduce((sum, each) => sum + each, 0),
    seriesPerAgent: Math.max(0, ...series.map(({ value }) => value)),
  };
}

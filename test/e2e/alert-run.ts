import { until } from '../chaos/waiting.ts';
import { type AlertFault, byItsRuleMs } from './faults.ts';
import type { Told } from './inbox.ts';
import type { Monitoring } from './monitoring.ts';
import { untilSeen, type WatchedCluster } from './watched-cluster.ts';

/** What came of one fault. */
export interface AlertResult {
  readonly fault: string;
  readonly alert: string;
  /** From the fault to the webhook. */
  readonly toldSeconds: number;
  /** From when it was mended to the webhook's being told so. */
  readonly resolvedSeconds: number;
  /** Alerts that Prometheus had too, and Alertmanager kept to itself while the right one stood. */
  readonly inhibited: readonly string[];
  /** Others of which somebody was told before it was mended, with their severities. */
  readonly also: readonly string[];
  /** And of which only after that. */
  readonly after: readonly string[];
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

/** Strikes, waits until the right alert has reached the webhook, mends, and waits until it is taken back. Throws what did not come. */
export async function alertRun(
  watched: WatchedCluster,
  monitoring: Monitoring,
  fault: AlertFault,
): Promise<AlertResult> {
  const { inbox, factor } = monitoring;
  await untilSeen(monitoring, watched.ground.members.length, fault.alert);
  const beganMs = performance.now();
  const mend = await fault.strike(watched);
  let isMended = false;
  try {
    const patienceMs = byItsRuleMs(fault, factor) + SLACK_MS;
    const first = await inbox.until(fault.alert, 'firing', beganMs, patienceMs);
    await until('an alert that follows from it is not held back', () => notHeld(monitoring, fault.inhibited), {
      patienceMs,
      pauseMs: 100,
    });
    const cost = await costOf(monitoring);
    const mendingMs = performance.now();
    const leaked = since(inbox.told, beganMs).filter(({ alert }) => fault.inhibited.includes(alert));
    if (leaked.length > 0) throw new Error(`somebody was told of ${leaked.map(({ alert }) => alert).join(', ')}`);
    await mend();
    isMended = true;
    const resolved = await inbox.until(fault.alert, 'resolved', mendingMs, MENDED_WITHIN_MS);
    await watched.ground.cluster.untilWell(undefined, MENDED_WITHIN_MS);
    const told = since(inbox.told, beganMs).filter(({ alert }) => alert !== fault.alert);
    return {
      ...{ fault: fault.name, alert: fault.alert, inhibited: fault.inhibited, cost },
      toldSeconds: (first.atMs - beganMs) / 1000,
      resolvedSeconds: (resolved.atMs - mendingMs) / 1000,
      also: othersOf(told.filter(({ atMs }) => atMs < mendingMs)),
      after: othersOf(told.filter(({ atMs }) => atMs >= mendingMs)),
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

async function notHeld({ inhibited }: Monitoring, names: readonly string[]): Promise<string | undefined> {
  const held = await inhibited();
  return names.find((name) => !held.includes(name));
}

/** What a person was told; heartbeats are for machines. */
export function since(told: readonly Told[], sinceMs: number): readonly Told[] {
  return told.filter(({ atMs, status, severity }) => atMs >= sinceMs && status === 'firing' && severity !== 'none');
}

function othersOf(told: readonly Told[]): readonly string[] {
  return [...new Set(told.map(({ alert, severity }) => `${alert} (${severity})`))];
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

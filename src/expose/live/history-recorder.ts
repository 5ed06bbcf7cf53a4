import type { Observation } from '../../cluster/observation.ts';
import { ownMemberId } from './member-brief.ts';
import { peerLinks } from './peer-links.ts';
import { roundStartMonotonicMs } from './read-at.ts';
import { SampleRing } from './sample-ring.ts';
import { type HistoryReply, type HistorySample, type SeriesName, seriesNames } from './words.ts';
import { WriteRate } from './write-rate.ts';

const STEP_SECONDS = 5;

/** How far a history goes back. */
export const HISTORY_SECONDS = 3600;

/** A sample of each step of it. */
export const HISTORY_SAMPLES = HISTORY_SECONDS / STEP_SECONDS;

/** Peers that have a column at a time: more than a cluster has members, also while some are replaced. */
const MOST_PEERS = 16;

/** A round that comes this much before its time is taken all the same, as if it had come then: timers are not exact. */
const EARLY_MS = 500;

/** A clock that differs by more between two samples was set; what is slewed stays below. */
const CLOCK_SET_MS = 1000;

/** What became of one observation. */
export interface Recorded {
  readonly sample: HistorySample;
  /** The clock of the machine was set: all times of the history are others than before. */
  readonly clockWasSet: boolean;
}

type Values = Record<string, number | null>;

/**
 * The last hour of the own member, in some 100 KB whatever happens. It counts by the monotonic clock, and shows what was by the wall clock as it
 * is now: so the times ascend also where that clock is set. Of latencies and lags a sample has the worst since the one before.
 */
export class HistoryRecorder {
  readonly #own = new SampleRing(HISTORY_SAMPLES, seriesNames.length);
  readonly #peers = new SampleRing(HISTORY_SAMPLES, MOST_PEERS);
  readonly #writes = new WriteRate();
  #worst: Values = {};
  #worstRtt: Values = {};
  #rounds = 0;
  #dueMonotonicMs: number | undefined;
  #wallOffsetMs = 0;
  #memberId: string | undefined;
  #newest: HistorySample | undefined;

  /** The newest sample. */
  get newest(): HistorySample | undefined {
    return this.#newest;
  }

  /**
   * Takes in an observation; gives the sample that it has made, if it has. What is published within a round still has the former round's readings
   * in it, so only ended rounds count.
   */
  take(observation: Observation, backupLagSeconds: number | undefined): Recorded | undefined {
    if (observation.rounds === this.#rounds) return undefined;
    this.#rounds = observation.rounds;
    this.#memberId = ownMemberId(observation) ?? this.#memberId;
    this.#keepWorst(observation, backupLagSeconds);
    const atMonotonicMs = roundStartMonotonicMs(observation);
    const dueMonotonicMs = this.#dueMonotonicMs ?? atMonotonicMs;
    if (atMonotonicMs < dueMonotonicMs - EARLY_MS) return undefined;
    return this.#record(observation, Math.max(atMonotonicMs, dueMonotonicMs));
  }

  /** All of it, with times by the wall clock as it is now. */
  reply(member: string): HistoryReply {
    const newestMs = (this.#dueMonotonicMs ?? 0) - STEP_SECONDS * 1000;
    const fromMs = newestMs - HISTORY_SECONDS * 1000;
    const { times, columns } = this.#own.read(fromMs);
    const memberId = this.#memberId;
    const unknown = times.map(() => null);
    return {
      member,
      ...(memberId === undefined ? {} : { memberId }),
      stepSeconds: STEP_SECONDS,
      times: times.map((time) => this.#wallSeconds(time)),
      series: bySeries((name) => columns[name] ?? unknown),
      rttSeconds: this.#peers.read(fromMs).columns,
    };
  }

  #keepWorst({ sections }: Observation, backupLagSeconds: number | undefined): void {
    const { walFsyncP99Seconds, backendCommitP99Seconds } = sections.wal?.value ?? {};
    worsen(this.#worst, 'walFsyncP99Seconds', walFsyncP99Seconds);
    worsen(this.#worst, 'backendCommitP99Seconds', backendCommitP99Seconds);
    worsen(this.#worst, 'backupLagSeconds', backupLagSeconds);
    const links = sections.peers?.value === undefined ? [] : peerLinks(sections.peers.value);
    for (const { member, rttSeconds } of links) worsen(this.#worstRtt, member, rttSeconds);
  }

  #record(observation: Observation, atMonotonicMs: number): Recorded {
    const quota = observation.sections.quota?.value;
    const values: Values = {
      ...this.#worst,
      quotaUsedRatio: shown(quota?.usedRatio),
      dbSizeBytes: shown(quota?.dbSizeBytes),
      writesPerSecond: shown(this.#writes.since(observation) ?? undefined),
    };
    const rttSeconds = this.#worstRtt;
    this.#worst = {};
    this.#worstRtt = {};
    this.#own.push(atMonotonicMs, values);
    this.#peers.push(atMonotonicMs, rttSeconds);
    const wallOffsetMs = observation.observedAtMs - observation.observedAtMonotonicMs;
    const clockWasSet = this.#newest !== undefined && Math.abs(wallOffsetMs - this.#wallOffsetMs) > CLOCK_SET_MS;
    this.#wallOffsetMs = wallOffsetMs;
    this.#dueMonotonicMs = atMonotonicMs + STEP_SECONDS * 1000;
    this.#newest = {
      member: observation.member,
      time: this.#wallSeconds(atMonotonicMs),
      series: bySeries((name) => values[name] ?? null),
      rttSeconds,
    };
    return { sample: this.#newest, clockWasSet };
  }

  #wallSeconds(monotonicMs: number): number {
    return Math.round(monotonicMs + this.#wallOffsetMs) / 1000;
  }
}

function bySeries<T>(of: (name: SeriesName) => T): Record<SeriesName, T> {
  const entries = seriesNames.map((name) => [name, of(name)]);
  return Object.fromEntries(entries) as Record<SeriesName, T>;
}

function worsen(values: Values, name: string, value: number | undefined): void {
  const now = shown(value);
  const before = Object.hasOwn(values, name) ? (values[name] ?? null) : null;
  values[name] = now === null || before === null ? (now ?? before) : Math.max(before, now);
}

/** Six digits are more than was measured, and half as long. */
function shown(value: number | undefined): number | null {
  if (value === undefined || !Number.isFinite(value)) return null;
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}

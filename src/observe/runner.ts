import { linkedAbort } from '../abort/linked-abort.ts';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { Fault, Observation, Reading, SectionName } from '../cluster/observation.ts';
import type { Sections } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import { HistogramRecorder } from './histogram-recorder.ts';
import type { Sources } from './sources.ts';

/** What the runner tells its owner as it happens. */
export interface RunnerEvents {
  /** There is a new observation: a round has ended, or is taking long and some collectors have answered. */
  readonly onObservation?: (observation: Observation) => void;
  /** A collector failed in this round. */
  readonly onFault?: (collector: SectionName, fault: Fault) => void;
  /** A collector works again after a failure. */
  readonly onRecovery?: (collector: SectionName) => void;
}

export interface RunnerOptions extends RunnerEvents {
  readonly member: string;
  readonly cluster: string;
  readonly agentVersion: string;
  readonly intervalMs: number;
  /** How long a round waits for a collector that has no deadline of its own. */
  readonly deadlineMs: number;
  readonly collectors: readonly Collector[];
  /** Makes the shared reads of one round; `signal` ends with the round. */
  readonly sources: (signal: AbortSignal) => Sources;
}

/** Edges of `collector_duration_seconds`: 1 ms to 10 s. */
const durationEdges = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Readings are published at the latest so long after they came in, also within a round that takes longer. */
const earlyPublishMs = 100;

interface Track {
  readonly collector: Collector;
  readonly durations: HistogramRecorder;
  /** The collection that has not come back yet, also past its deadline. */
  underWay: boolean;
  lastStartMs: number;
  failing: boolean;
  runs: number;
}

/**
 * Runs every collector once a round, all at once. One that hangs or throws delays nobody: its wait ends at its deadline,
 * and it is not asked again until it has come back, so that a hung disk costs one pending call and not one more each
 * round. A round ends when each collector has answered or missed its deadline; then there is a new observation. While a
 * round takes long, what the others have read is published meanwhile.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #tracks: readonly Track[];
  readonly #stop = new AbortController();
  readonly #sections: { [K in SectionName]?: Reading<Sections[K]> } = {};
  #observation: Observation;
  #loop: Promise<void> | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#tracks = options.collectors.map((collector) => ({
      collector,
      durations: new HistogramRecorder(durationEdges),
      underWay: false,
      lastStartMs: Number.NEGATIVE_INFINITY,
      failing: false,
      runs: 0,
    }));
    this.#observation = emptyObservation(options);
  }

  /** The newest observation; before the first round it has no sections. */
  get observation(): Observation {
    return this.#observation;
  }

  /** Starts the collectors' background work and the loop. */
  start(): void {
    for (const { collector } of this.#tracks) {
      collector.start?.();
    }
    this.#loop = this.#run();
  }

  /** Ends the loop, then every collector. Rejects, when all have been asked, with the first thing that one could not let go. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    const closed = await Promise.allSettled(this.#tracks.map(async ({ collector }) => await collector.close?.()));
    for (const outcome of closed) {
      if (outcome.status === 'rejected') {
        throw outcome.reason;
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const startedMs = performance.now();
      await this.round();
      // A round that took longer than the interval is followed at once; rounds never overlap.
      await pause(Math.max(0, this.#options.intervalMs - (performance.now() - startedMs)), signal);
    }
  }

  /** One round; also called by tests and by `doctor`, which observe once. */
  async round(): Promise<Observation> {
    const round = linkedAbort([this.#stop.signal]);
    const sources = this.#options.sources(round.signal);
    const startedAtMs = Date.now();
    const nowMs = performance.now();
    const due = this.#tracks.filter(
      // A rare collector that failed has its next turn at once: once a day is too late to be right.
      ({ collector, lastStartMs, failing }) =>
        collector.everyMs === undefined || failing || nowMs - lastStartMs >= collector.everyMs,
    );
    // Readings that come in quick succession are published together.
    let early: NodeJS.Timeout | undefined;
    const answered = (): void => {
      early ??= setTimeout(() => {
        early = undefined;
        this.#publish(0);
      }, earlyPublishMs).unref();
    };
    await Promise.all(due.map((track) => this.#collect(track, startedAtMs, round.signal, sources).then(answered)));
    clearTimeout(early);
    round.abort();
    round.release();
    this.#publish(1);
    return this.#observation;
  }

  async #collect(track: Track, startedAtMs: number, roundSignal: AbortSignal, sources: Sources): Promise<void> {
    const { collector } = track;
    if (track.underWay) {
      const fault: Fault = {
        code: 'COLLECTOR_HANGS',
        message: `The collector ${collector.name} has not come back from an earlier round.`,
        remedy: 'Look at what it reads: a hung disk or a paused process holds it.',
      };
      this.#fail(track, startedAtMs, 0, fault);
      return;
    }
    const deadlineMs = collector.deadlineMs ?? this.#options.deadlineMs;
    const deadline = linkedAbort([roundSignal]);
    const startMs = performance.now();
    track.lastStartMs = startMs;
    track.underWay = true;
    const collection = invoke(collector, { startedAtMs, signal: deadline.signal, sources });
    const settled = collection.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    // Past the deadline nobody waits any more, so the flag is what keeps the next round from asking again.
    const cleared = settled.finally(() => {
      track.underWay = false;
    });
    const timer = Promise.withResolvers<undefined>();
    const timeout = setTimeout(() => timer.resolve(undefined), deadlineMs);
    const outcome = await Promise.race([cleared, timer.promise]);
    clearTimeout(timeout);
    deadline.release();
    const seconds = (performance.now() - startMs) / 1000;
    track.runs += 1;
    track.durations.record(seconds);
    if (outcome === undefined) {
      deadline.abort(new AgentError('COLLECTOR_DEADLINE', `The collector ${collector.name} missed its deadline.`));
      this.#fail(track, startedAtMs, seconds, {
        code: 'COLLECTOR_DEADLINE',
        message: `The collector ${collector.name} did not answer within ${deadlineMs} ms.`,
        remedy: 'If it stays so, look at what it reads; observe.deadline sets how long a round waits.',
      });
    } else if ('error' in outcome) {
      this.#fail(track, startedAtMs, seconds, faultOf(outcome.error));
    } else {
      this.#succeed(track, startedAtMs, seconds, outcome.value);
    }
  }

  #succeed(track: Track, observedAtMs: number, durationSeconds: number, value: Sections[SectionName]): void {
    this.#put(track.collector.name, { observedAtMs, durationSeconds, value });
    if (track.failing) {
      track.failing = false;
      this.#options.onRecovery?.(track.collector.name);
    }
  }

  #fail(track: Track, observedAtMs: number, durationSeconds: number, fault: Fault): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    this.#put(track.collector.name, { observedAtMs, durationSeconds, fault });
    track.failing = true;
    this.#options.onFault?.(track.collector.name, fault);
  }

  #put(name: SectionName, reading: Reading<Sections[SectionName]>): void {
    // A collector's name and its section belong together by its type; the map of all of them cannot express that.
    Object.assign(this.#sections, { [name]: reading });
  }

  /** @param endedRounds 1 at the end of a round, 0 within one. */
  #publish(endedRounds: 0 | 1): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    this.#observation = {
      ...this.#observation,
      observedAtMs: Date.now(),
      observedAtMonotonicMs: performance.now(),
      rounds: this.#observation.rounds + endedRounds,
      sections: { ...this.#sections },
      collectors: Object.fromEntries(
        this.#tracks
          .filter(({ runs }) => runs > 0)
          .map(({ collector, durations, failing }) => [
            collector.name,
            { success: !failing, durations: durations.snapshot() },
          ]),
      ),
    };
    this.#options.onObservation?.(this.#observation);
  }
}

/** What an agent has observed before its first round: nothing. */
export function emptyObservation(of: {
  readonly member: string;
  readonly cluster: string;
  readonly agentVersion: string;
}): Observation {
  const { member, cluster, agentVersion } = of;
  return {
    member,
    cluster,
    agentVersion,
    observedAtMs: 0,
    observedAtMonotonicMs: 0,
    rounds: 0,
    sections: {},
    collectors: {},
  };
}

/** A collector that throws before its first await fails like one that rejects. */
async function invoke(
  collector: Collector,
  round: { startedAtMs: number; signal: AbortSignal; sources: Sources },
): Promise<Sections[SectionName]> {
  return await collector.collect(round);
}

/** Waits, or ends early and quietly when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const timeout = setTimeout(resolve, ms);
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  await promise;
  clearTimeout(timeout);
  signal.removeEventListener('abort', onAbort);
}

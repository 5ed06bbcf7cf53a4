import type { PeerProbe, PeerReading } from '../../cluster/sections.ts';
import { HistogramRecorder, probeEdgesSeconds } from '../histogram-recorder.ts';
import { ClockFilter } from './clock.ts';
import type { PeerExchange, ProbeOutcome } from './exchange.ts';

interface ProbeRecord {
  readonly probe: PeerProbe;
  readonly latency: HistogramRecorder;
  failures: number;
  newest: ProbeOutcome | undefined;
}

/** What has been seen of one peer URL since it is being watched. */
export class PeerRecord {
  readonly #probes: readonly ProbeRecord[];
  readonly #clock = new ClockFilter();

  constructor(probes: readonly PeerProbe[]) {
    this.#probes = probes.map((probe) => ({
      probe,
      latency: new HistogramRecorder(probeEdgesSeconds),
      failures: 0,
      newest: undefined,
    }));
  }

  /** Whether the newest exchange stopped because the agent lacks what it takes. */
  get impossible(): boolean {
    return this.#probes.some(({ newest }) => newest?.kind === 'impossible');
  }

  add({ outcomes, clock }: PeerExchange): void {
    for (const record of this.#probes) {
      const outcome = outcomes.get(record.probe);
      record.newest = outcome;
      if (outcome?.kind === 'measured') {
        record.latency.record(outcome.seconds);
      } else if (outcome?.kind === 'failed') {
        record.failures += 1;
      }
    }
    if (clock === undefined) {
      // The skew of a peer that does not answer any more is not known any more.
      this.#clock.clear();
    } else {
      this.#clock.add(clock);
    }
  }

  /** A copy that later exchanges do not change. */
  reading(peer: string, peerId: string, url: string): PeerReading {
    const clock = this.#clock.best;
    return {
      peer,
      peerId,
      url,
      probes: this.#probes.map(({ probe, latency, failures, newest }) => ({
        probe,
        latency: latency.snapshot(),
        failures,
        ...(newest?.kind === 'measured' ? { lastSeconds: newest.seconds } : {}),
        ...(newest === undefined || newest.kind === 'measured' ? {} : { fault: newest.fault }),
        ...(newest?.kind === 'impossible' ? { impossible: true } : {}),
      })),
      ...(clock === undefined
        ? {}
        : { clockSkewSeconds: clock.skewSeconds, clockSkewErrorSeconds: clock.errorSeconds }),
    };
  }
}

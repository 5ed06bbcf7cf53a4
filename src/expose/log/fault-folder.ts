import type { Fault } from '../../cluster/observation.ts';

/** What happens again and again: one collector's fault, on one member. */
export interface FaultPlace {
  readonly collector: string;
  readonly member?: string;
}

/** What is to be written: a failure, how often it was repeated since the last line, or its end. */
export type FoldedLine =
  | { readonly kind: 'failed'; readonly place: FaultPlace; readonly fault: Fault }
  | {
      readonly kind: 'repeated';
      readonly place: FaultPlace;
      readonly fault: Fault;
      readonly times: number;
      readonly seconds: number;
    }
  | { readonly kind: 'resolved'; readonly place: FaultPlace; readonly failures: number; readonly seconds: number };

interface Entry {
  lastWrittenMs: number;
  /** Failures since the last line. */
  unwritten: number;
}

interface Series {
  readonly entries: Map<string, Entry>;
  /** Of the failure under way; undefined while it works. */
  failingSinceMs: number | undefined;
  failures: number;
  /** A line has said that it fails, so a line will say that it works again. */
  written: boolean;
}

/**
 * Folds repeated failures: one line when a fault appears, then one line per period with how often it came again, and one
 * when it is over. What fails and works by turns is folded too: within a period of the last line, neither its failure
 * nor its recovery is written again.
 */
export class FaultFolder {
  readonly #periodMs: number;
  readonly #nowMs: () => number;
  readonly #series = new Map<string, Series>();

  /** @param nowMs monotonic clock */
  constructor(periodMs: number, nowMs: () => number) {
    this.#periodMs = periodMs;
    this.#nowMs = nowMs;
  }

  /** A failure; the line that it is worth, if any. */
  failed(place: FaultPlace, fault: Fault): FoldedLine | undefined {
    const now = this.#nowMs();
    const series = this.#seriesOf(place);
    series.failures += 1;
    series.failingSinceMs ??= now;
    const entry = series.entries.get(fault.code);
    if (entry === undefined) {
      series.entries.set(fault.code, { lastWrittenMs: now, unwritten: 0 });
      series.written = true;
      return { kind: 'failed', place, fault };
    }
    entry.unwritten += 1;
    if (now - entry.lastWrittenMs < this.#periodMs) {
      return undefined;
    }
    const { unwritten: times, lastWrittenMs } = entry;
    entry.unwritten = 0;
    entry.lastWrittenMs = now;
    series.written = true;
    return { kind: 'repeated', place, fault, times, seconds: (now - lastWrittenMs) / 1000 };
  }

  /** It works again; the line that this is worth, if any. */
  resolved(place: FaultPlace): FoldedLine | undefined {
    const now = this.#nowMs();
    const series = this.#seriesOf(place);
    const { written, failures, failingSinceMs = now } = series;
    series.written = false;
    series.failures = 0;
    series.failingSinceMs = undefined;
    for (const [code, { lastWrittenMs, unwritten }] of series.entries) {
      if (unwritten === 0 && now - lastWrittenMs >= this.#periodMs) {
        series.entries.delete(code);
      }
    }
    return written ? { kind: 'resolved', place, failures, seconds: (now - failingSinceMs) / 1000 } : undefined;
  }

  #seriesOf({ collector, member = '' }: FaultPlace): Series {
    const key = JSON.stringify([collector, member]);
    const known = this.#series.get(key);
    if (known !== undefined) {
      return known;
    }
    const made: Series = { entries: new Map(), failingSinceMs: undefined, failures: 0, written: false };
    this.#series.set(key, made);
    return made;
  }
}

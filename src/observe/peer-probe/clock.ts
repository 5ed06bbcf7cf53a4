/** One comparison of a peer's clock with ours. */
export interface ClockSample {
  /** Peer's clock minus ours; positive: the peer is ahead. */
  readonly skewSeconds: number;
  /** The true skew is within this distance of `skewSeconds`. */
  readonly errorSeconds: number;
}

/** What is needed to compare two clocks over one request. */
export interface ClockExchange {
  /** `Date.now()` when the request was sent. */
  readonly sentAtMs: number;
  readonly roundTripSeconds: number;
  /** The time in etcd's answer: RFC 3339 with up to nine digits of a second. */
  readonly now: string | undefined;
  /** The `Date` header, cut down to whole seconds. */
  readonly date: string | undefined;
}

/** `Date.now()` is cut down to 1 ms: on average half of it is missing, and it is known to half of it. */
const halfTickSeconds = 0.0005;

/**
 * The peer read its clock at some moment between send and receipt; the middle is taken, so the error is half the round
 * trip and half a tick of our own clock. With the `Date` header alone it is half a second more. Undefined where neither
 * time can be read.
 */
export function compareClocks({ sentAtMs, roundTripSeconds, now, date }: ClockExchange): ClockSample | undefined {
  const middle = sentAtMs / 1000 + halfTickSeconds + roundTripSeconds / 2;
  const error = roundTripSeconds / 2 + halfTickSeconds;
  const exact = now === undefined ? undefined : parseRfc3339(now);
  if (exact !== undefined) {
    return { skewSeconds: exact - middle, errorSeconds: error };
  }
  const wholeSecond = date === undefined ? Number.NaN : Date.parse(date) / 1000;
  if (Number.isNaN(wholeSecond)) {
    return undefined;
  }
  return { skewSeconds: wholeSecond + 0.5 - middle, errorSeconds: error + 0.5 };
}

/** Seconds since the epoch, or undefined where the text is not an RFC 3339 time. */
export function parseRfc3339(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, second = '', fraction = '', zone = ''] = match;
  const seconds = Date.parse(`${second}${zone}`) / 1000;
  return Number.isNaN(seconds) ? undefined : seconds + Number(`0${fraction}`);
}

/**
 * Of the newest eight comparisons the one with the smallest error, as NTP's clock filter does (RFC 5905, section 10):
 * queueing on the way and pauses of either process only ever make the round trip longer. A newest comparison that
 * contradicts the best one means that a clock was set; then what came before is forgotten.
 */
export class ClockFilter {
  static readonly size = 8;
  #samples: readonly ClockSample[] = [];

  add(sample: ClockSample): void {
    const { best } = this;
    const contradicts =
      best !== undefined &&
      Math.abs(sample.skewSeconds - best.skewSeconds) > sample.errorSeconds + best.errorSeconds + allowedDriftSeconds;
    this.#samples = contradicts ? [sample] : [...this.#samples, sample].slice(-ClockFilter.size);
  }

  /** The comparison with the smallest error; undefined before the first. */
  get best(): ClockSample | undefined {
    return this.#samples.reduce<ClockSample | undefined>(
      (best, sample) => (best === undefined || sample.errorSeconds <= best.errorSeconds ? sample : best),
      undefined,
    );
  }

  /** Forgets everything: the peer does not answer any more. */
  clear(): void {
    this.#samples = [];
  }
}

/** Two clocks drift by at most about 1 ms in the 80 s that eight samples span (15 ppm, RFC 5905's tolerance). */
const allowedDriftSeconds = 0.001;

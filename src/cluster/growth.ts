import { type TimedValue, theilSenSlope } from './theil-sen.ts';

/** Size and quota at one time. */
export interface QuotaReading {
  /** Monotonic, in seconds. */
  readonly atSeconds: number;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  /** Infinity when the quota is disabled, absent when it is not known. */
  readonly quotaBytes?: number;
}

/** How the database grows, and when it will be full. */
export interface GrowthEstimate {
  /** Absent until there are enough readings. */
  readonly growthBytesPerSecond?: number;
  /** 0 when it is full, Infinity when it does not grow or has no quota; absent until there are enough readings. */
  readonly fullInSeconds?: number;
}

/** Fewer readings than this, or over less time, tell nothing of growth. */
const minimumReadings = 5;
const minimumSpanSeconds = 60;

/**
 * A peak that was reached within so long is a level to which the size may come again: automatic compaction runs at
 * least once an hour, so this spans two of its cycles.
 */
const peakMemorySeconds = 2 * 3600;

const short = { seconds: 10 * 60, points: 120 };
const long = { seconds: 6 * 3600, points: 180 };

/** Two peaks of an hourly saw-tooth always lie within it. */
const lastTeethSeconds = 2.5 * 3600;

/** Peaks above this share of the quota are no proof that the database stays below it. */
const safePeakRatio = 0.8;

/** Growth of less than four pages of etcd's file over the window is noise. */
const noiseBytes = 4 * 4096;

/**
 * The last hours of a database's size, thinned: at most 120 points for 10 minutes and 180 for 6 hours.
 *
 * Etcd raises NOSPACE when the file would pass the quota. The file never shrinks but by defragmentation, and a put
 * takes free pages first, so the file follows the *peaks* of the size in use. That is the quantity whose slope counts:
 * between compactions the size in use climbs and falls back, and a slope of the plain readings would cry wolf on every
 * tooth. So each point is the highest size in use of the 2 hours up to it; in a steady saw-tooth it is flat. The slope
 * is the one of the last 10 minutes (a sudden growth shows after about 3), and where that is flat, the lesser of the
 * last 2.5 and the last 6 hours (a slow rise of the teeth, still going on). What is left is measured from that peak, less
 * the free pages that the file had when it last grew: those were of no use to it (too small, or of the transaction
 * before). Where peaks came above 80 % of the quota, staying under them is no comfort, and the plain readings count.
 */
export class QuotaForecast {
  readonly #short = new ThinnedWindow(short.seconds, short.points);
  readonly #long = new ThinnedWindow(long.seconds, long.points);
  #newest: QuotaReading | undefined;
  #firstAtSeconds = 0;
  #uselessFreeBytes = 0;
  #readings = 0;

  /** Takes in a reading; one that is not later than the newest is left out. */
  add(reading: QuotaReading): void {
    if (this.#newest !== undefined && reading.atSeconds <= this.#newest.atSeconds) return;
    if (this.#newest === undefined) this.#firstAtSeconds = reading.atSeconds;
    this.#uselessFreeBytes = uselessFreeBytes(this.#newest, reading) ?? this.#uselessFreeBytes;
    this.#newest = reading;
    this.#readings += 1;
    const { atSeconds, dbSizeInUseBytes: inUse } = reading;
    const peak = Math.max(inUse, this.#long.highestSince(atSeconds - peakMemorySeconds));
    this.#short.add({ atSeconds, inUse, peak });
    this.#long.add({ atSeconds, inUse, peak });
  }

  /** As of the newest reading. That it is full, or has no quota, is said from the first reading on. */
  estimate(): GrowthEstimate {
    const newest = this.#newest;
    if (newest === undefined) return {};
    const { quotaBytes, dbSizeBytes, dbSizeInUseBytes } = newest;
    const peak = Math.max(dbSizeInUseBytes, this.#long.highestSince(newest.atSeconds - peakMemorySeconds));
    const plain = quotaBytes !== undefined && peak >= safePeakRatio * quotaBytes;
    const enough = this.#readings >= minimumReadings && newest.atSeconds - this.#firstAtSeconds >= minimumSpanSeconds;
    const growth = enough ? this.#growth(plain) : undefined;
    const known = growth === undefined ? {} : { growthBytesPerSecond: growth };
    if (quotaBytes === undefined) return known;
    if (quotaBytes === Number.POSITIVE_INFINITY) return { ...known, fullInSeconds: Number.POSITIVE_INFINITY };
    if (dbSizeBytes >= quotaBytes) return { ...known, fullInSeconds: 0 };
    if (growth === undefined) return {};
    const leftBytes = quotaBytes - this.#uselessFreeBytes - (plain ? dbSizeInUseBytes : peak);
    const fullInSeconds = growth > 0 ? Math.max(0, leftBytes) / growth : Number.POSITIVE_INFINITY;
    return { ...known, fullInSeconds };
  }

  #growth(plain: boolean): number {
    const recent = this.#short.slope(plain);
    return recent > 0 ? recent : Math.min(this.#long.slope(plain, lastTeethSeconds), this.#long.slope(plain));
  }
}

/** Free pages that did not keep the file from growing; undefined where it did not grow. None after a defragmentation. */
function uselessFreeBytes(earlier: QuotaReading | undefined, later: QuotaReading): number | undefined {
  if (earlier === undefined || later.dbSizeBytes === earlier.dbSizeBytes) return undefined;
  if (later.dbSizeBytes < earlier.dbSizeBytes) return 0;
  // A compaction between growth and reading frees pages that were not free then: the lesser of both is nearer.
  return Math.max(0, Math.min(freeBytes(earlier), freeBytes(later)));
}

function freeBytes({ dbSizeBytes, dbSizeInUseBytes }: QuotaReading): number {
  return dbSizeBytes - dbSizeInUseBytes;
}

interface SizePoint {
  readonly atSeconds: number;
  readonly inUse: number;
  readonly peak: number;
}

/** The last `seconds` of a series in at most about `points` points; of those that share a slot the highest stays. */
class ThinnedWindow {
  readonly #seconds: number;
  readonly #slotSeconds: number;
  #points: SizePoint[] = [];

  constructor(seconds: number, points: number) {
    this.#seconds = seconds;
    this.#slotSeconds = seconds / points;
  }

  add(point: SizePoint): void {
    const newest = this.#points.at(-1);
    if (newest !== undefined && this.#slot(newest) === this.#slot(point)) {
      if (point.inUse < newest.inUse) return;
      this.#points.pop();
    }
    this.#points.push(point);
    const first = this.#points.findIndex(({ atSeconds }) => atSeconds > point.atSeconds - this.#seconds);
    this.#points = this.#points.slice(first);
  }

  highestSince(atSeconds: number): number {
    return this.#points.reduce((high, point) => (point.atSeconds < atSeconds ? high : Math.max(high, point.inUse)), 0);
  }

  /** Slope of the peaks, or of the plain readings, over the last seconds; 0 where it is lost in noise. */
  slope(plain: boolean, seconds = this.#seconds): number {
    const since = (this.#points.at(-1)?.atSeconds ?? 0) - seconds;
    const values = this.#points
      .filter(({ atSeconds }) => atSeconds >= since)
      .map(({ atSeconds, inUse, peak }): TimedValue => ({ atSeconds, value: plain ? inUse : peak }));
    const slope = theilSenSlope(values) ?? 0;
    const spanSeconds = (values.at(-1)?.atSeconds ?? 0) - (values[0]?.atSeconds ?? 0);
    return Math.abs(slope) * spanSeconds < noiseBytes ? 0 : slope;
  }

  #slot({ atSeconds }: SizePoint): number {
    return Math.floor(atSeconds / this.#slotSeconds);
  }
}

import type { HistoryEntry } from '../cluster/caretaking.ts';
import { formatBytes, formatLatency, formatSpan } from '../cluster/units.ts';
import { lastFigure } from './past.ts';

/** A slow disk's speed, taken until a defragmentation of the member has been measured. */
const ASSUMED_BYTES_PER_SECOND = 50_000_000;
/** What HashKV reads on the slower of the versions measured (1.4 GB in 1.1 to 1.2 s on 3.4.23). */
const HASH_BYTES_PER_SECOND = 1_200_000_000;

/** For how long a member will be out of service. */
export interface PauseForecast {
  readonly ms: number;
  /** What it was reckoned from, for a sentence. */
  readonly from: string;
}

/** How long a defragmentation keeps a member busy: it copies what is in use, as fast as it did the last time. */
export function defragPause(history: readonly HistoryEntry[], memberId: string, inUseBytes: number): PauseForecast {
  const measured = lastFigure(history, `bytesPerSecond.${memberId}`);
  const usable = measured !== undefined && Number.isFinite(measured) && measured > 0;
  const bytesPerSecond = usable ? measured : ASSUMED_BYTES_PER_SECOND;
  const pace = `${formatBytes(bytesPerSecond)}/s ${usable ? 'as measured the last time' : 'assumed'}`;
  return { ms: (inUseBytes / bytesPerSecond) * 1000, from: `${formatBytes(inUseBytes)} at ${pace}` };
}

/** How long HashKV blocks writes through a member. */
export function hashStall(dbSizeBytes: number): PauseForecast {
  const from = `${formatBytes(dbSizeBytes)} at ${formatBytes(HASH_BYTES_PER_SECOND)}/s`;
  return { ms: (dbSizeBytes / HASH_BYTES_PER_SECOND) * 1000, from };
}

/** `2.50 s (1.00 GiB at 47.7 MiB/s assumed)`. */
export function pauseText({ ms, from }: PauseForecast): string {
  return `${ms < 60_000 ? formatLatency(ms / 1000) : formatSpan(ms / 1000)} (${from})`;
}

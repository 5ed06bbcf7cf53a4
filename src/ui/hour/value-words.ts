import { formatBytes, formatLatency, formatPercent, formatSpan } from '../../cluster/units.ts';
import type { SeriesName } from '../../expose/live/words.ts';

/** How a series is shown. */
export interface SeriesLook {
  readonly name: SeriesName;
  readonly title: string;
  readonly text: (value: number) => string;
  /** The axis reaches at least so far, so that noise does not look like much. */
  readonly atLeast: number;
  /** Steps that the axis may have; uPlot's own where absent. */
  readonly steps?: readonly number[];
}

/** 1 KiB to 1 PiB: round numbers of what is counted in powers of two. */
const binarySteps = Array.from({ length: 41 }, (_, power) => 2 ** (power + 10));

/** The charts in their order. */
export const seriesLooks: readonly SeriesLook[] = [
  { name: 'walFsyncP99Seconds', title: 'WAL fsync p99', text: formatLatency, atLeast: 0.005 },
  { name: 'backendCommitP99Seconds', title: 'Backend commit p99', text: formatLatency, atLeast: 0.005 },
  { name: 'writesPerSecond', title: 'Writes per second', text: rateText, atLeast: 1 },
  { name: 'quotaUsedRatio', title: 'Quota used', text: formatPercent, atLeast: 1 },
  { name: 'dbSizeBytes', title: 'Database size', text: formatBytes, atLeast: 2 ** 20, steps: binarySteps },
  { name: 'backupLagSeconds', title: 'Backup lag', text: lagText, atLeast: 5 },
];

/** A value at a tick, as short as it can be: `5 ms` for `5.00 ms`. Pure. */
export function tickText(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\s|$)/, '$1').replace(/\.(?=\s|$)/, '');
}

function rateText(perSecond: number): string {
  return `${perSecond.toFixed(perSecond >= 100 ? 0 : 1)} /s`;
}

function lagText(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatSpan(seconds);
}

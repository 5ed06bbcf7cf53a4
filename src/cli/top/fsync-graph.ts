import type { AsJson } from '../../expose/as-json.ts';
import type { HistoryReply } from '../../expose/live/words.ts';
import { finite } from './figures.ts';

const SPAN_SECONDS = 600;

/** The last minutes of the members' fsyncs, on one scale for all, so that they can be compared. */
export interface FsyncGraph<Row> {
  readonly spanSeconds: number;
  /** The largest value in it, in seconds. */
  readonly highest: number;
  /** The highest p99 within each cell, in seconds, the newest last; undefined where there was no sample. */
  readonly cells: ReadonlyMap<Row, readonly (number | undefined)[]>;
}

/** The graph with so many cells, up to the newest sample of any member. */
export function fsyncGraph<Row extends { readonly history?: AsJson<HistoryReply> }>(
  rows: readonly Row[],
  count: number,
): FsyncGraph<Row> {
  const histories = rows.flatMap(({ history }) => history ?? []);
  const stepSeconds = Math.max(1, ...histories.map((history) => finite(history.stepSeconds) ?? 1));
  const cellSeconds = Math.max(stepSeconds, Math.ceil(SPAN_SECONDS / count));
  const newest = Math.max(0, ...histories.map(({ times }) => Number(times.at(-1) ?? 0)));
  // The borders of cells stand still while samples come.
  const lastCell = Math.floor(newest / cellSeconds);
  const cells = new Map(
    rows.map((row) => {
      const values: (number | undefined)[] = Array.from({ length: count }, () => undefined);
      row.history?.times.forEach((time, sample) => {
        const value = finite(row.history?.series.walFsyncP99Seconds[sample]);
        const cell = count - 1 - (lastCell - Math.floor(Number(time) / cellSeconds));
        if (value !== undefined && cell >= 0 && cell < count) values[cell] = Math.max(value, values[cell] ?? 0);
      });
      return [row, values] as const;
    }),
  );
  const highest = Math.max(0, ...[...cells.values()].flat().map((value) => value ?? 0));
  return { spanSeconds: cellSeconds * count, highest, cells };
}

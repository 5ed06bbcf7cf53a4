import type { Glyphs } from './glyphs.ts';
import { fitLine, type Line, span, widthOf } from './line.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** 1 is the last that is left out. */
  readonly priority: number;
  readonly align?: 'right';
  readonly cell: (row: Row) => Line;
}

/** A table as lines: the heading, and one for each row. */
export interface Table {
  readonly heading: Line;
  readonly rows: readonly Line[];
  /** Titles of the columns for which there is no room. */
  readonly leftOut: readonly string[];
}

const GAP_COLUMNS = 2;

/** A table of at most `columns` of the terminal. What does not fit is left out by priority, and the first column is cut at last. */
export function tableOf<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  columns: number,
  glyphs: Glyphs,
): Table {
  const measured = all.map((column) => {
    const cells = rows.map(column.cell);
    return { ...column, cells, width: Math.max(column.title.length, ...cells.map(widthOf)) };
  });
  let kept = measured;
  while (kept.length > 1 && total(kept) > columns) {
    const least = Math.max(...kept.map(({ priority }) => priority));
    kept = kept.filter(({ priority }) => priority !== least);
  }
  const [first] = kept;
  if (first !== undefined && total(kept) > columns) {
    kept = [{ ...first, width: Math.max(1, first.width - (total(kept) - columns)) }, ...kept.slice(1)];
  }
  const joined = (cells: readonly Line[]): Line =>
    cells.flatMap((cell, index) => {
      const { width = 0, align } = kept[index] ?? {};
      const fitted = fitLine(cell, width, glyphs.ellipsis, align ?? 'left');
      return index === 0 ? fitted : [span(' '.repeat(GAP_COLUMNS)), ...fitted];
    });
  return {
    heading: joined(kept.map(({ title }) => [span(title, 'title')])),
    rows: rows.map((_, row) => joined(kept.map(({ cells }) => cells[row] ?? []))),
    leftOut: measured.filter(({ title }) => !kept.some((one) => one.title === title)).map(({ title }) => title),
  };
}

function total(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, GAP_COLUMNS * (columns.length - 1));
}

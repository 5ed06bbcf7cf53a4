import { widthOf } from './fitted.ts';
import { type Look, plainLook } from './look.ts';

/** A column that is more than its title. */
export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly align?: 'right';
  /** It is left out where the terminal is too narrow for the table: those first that stand last. */
  readonly spare?: true;
}

interface Filled extends Column {
  /** The title first. */
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = '  ';

/** A column of numbers. */
export function right(title: string): Column {
  return { title, align: 'right' };
}

/** A column that can be missed. */
export function spare(column: string | Column): Column {
  return { ...(typeof column === 'string' ? { title: column } : column), spare: true };
}

/** Rows as text in columns of equal width, in which colours do not count; lines have no spaces at their end. */
export function formatTable(
  header: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  { paint, columns }: Look = plainLook,
): string {
  const all = header.map((given, index): Filled => {
    const column = typeof given === 'string' ? { title: given } : given;
    const cells = [paint('dim', column.title), ...rows.map((row) => row[index] ?? '')];
    return { ...column, cells, width: Math.max(...cells.map(widthOf)) };
  });
  const shown = columns === undefined ? all : withoutSpare(all, columns);
  const lines = [header, ...rows].map((_, line) =>
    shown.map(({ cells, width, align }) => padded(cells[line] ?? '', width, align)).join(GAP),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** As many of the columns as a terminal has room for. */
function withoutSpare(all: readonly Filled[], columns: number): readonly Filled[] {
  const total = all.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
  const last = all.findLastIndex((column) => column.spare === true);
  return total <= columns || last < 0 ? all : withoutSpare(all.toSpliced(last, 1), columns);
}

function padded(text: string, width: number, align: Column['align']): string {
  const spaces = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? `${spaces}${text}` : `${text}${spaces}`;
}

/** The characters that graphs and borders are drawn with. */
export interface Glyphs {
  /** From the lowest to the highest. */
  readonly levels: readonly string[];
  readonly full: string;
  readonly empty: string;
  readonly ellipsis: string;
  readonly arrow: string;
}

/** Unicode's block elements. */
const blocks: Glyphs = {
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  full: '█',
  empty: '░',
  ellipsis: '…',
  arrow: '→',
};

/** For a terminal that shows nothing else. */
const ascii: Glyphs = {
  levels: ['_', '.', ':', '-', '=', '+', '*', '#'],
  full: '#',
  empty: '.',
  ellipsis: '~',
  arrow: '>',
};

export function glyphsOf(unicode: boolean): Glyphs {
  return unicode ? blocks : ascii;
}

/** Whether the locale of the environment is one of UTF-8: POSIX, the first that is set and not empty counts. */
export function isUtf8Locale(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}

/** Values as a graph of one line, from 0 to `highest`; a blank where nothing was known. */
export function sparkline(values: readonly (number | undefined)[], highest: number, { levels }: Glyphs): string {
  const top = levels.length - 1;
  const marks = values.map((value) => {
    if (value === undefined) return ' ';
    const level = highest > 0 ? Math.round((value / highest) * top) : 0;
    return levels[Math.min(top, Math.max(0, level))] ?? '';
  });
  return marks.join('');
}

/** A ratio from 0 to 1 as a bar; what is not nothing has at least one mark. */
export function bar(ratio: number, columns: number, { full, empty }: Glyphs): string {
  const exact = Math.min(1, Math.max(0, ratio)) * columns;
  const filled = exact > 0 ? Math.max(1, Math.round(exact)) : 0;
  return `${full.repeat(filled)}${empty.repeat(columns - filled)}`;
}

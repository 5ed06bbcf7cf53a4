import { backupsSection } from './backups.ts';
import { eventsSection } from './events.ts';
import { type Glyphs, glyphsOf } from './glyphs.ts';
import { headLines } from './head.ts';
import { helpLines } from './help.ts';
import { placed } from './layout.ts';
import { cutLine, dimmed, fitLine, type Line, lineOf, span, widthOf } from './line.ts';
import { membersSection } from './members.ts';
import { operationSection } from './operation.ts';
import { prefixesSection } from './prefixes.ts';
import type { Section } from './section.ts';
import { type Seen, staleSinceMs } from './seen.ts';
import { troublesSection } from './troubles.ts';
import type { FrameOptions, Size } from './view.ts';

/** From here on prefixes and events have half of the columns each. */
const WIDE_COLUMNS = 150;
/** Of the rows below the head: what prefixes and events get at least of a wide terminal. */
const LOWER_SHARE = 0.35;
const GAP_COLUMNS = 3;

/** Everything at one time as at most `rows` lines of at most `columns`. Pure. */
export function frame(seen: Seen, size: Size, nowMs: number, options: FrameOptions): readonly Line[] {
  const glyphs = glyphsOf(options.unicode);
  const { columns, rows } = size;
  const head = headLines(seen, size, nowMs, options, glyphs);
  const room = Math.max(0, rows - head.length - (options.keys ? 1 : 0));
  const body = options.view.help
    ? { lines: helpLines(), leftOut: [] }
    : bodyOf(seen, { columns, rows: room }, nowMs, options, glyphs);
  const isStale = staleSinceMs(seen, nowMs) !== undefined;
  const lines = [...head, ...(isStale ? body.lines.map(dimmed) : body.lines)].slice(
    0,
    Math.max(1, rows - (options.keys ? 1 : 0)),
  );
  const missing = body.leftOut.length === 0 ? '' : `no room for: ${body.leftOut.join(', ')}`;
  if (!options.keys)
    return [...lines, ...(missing === '' ? [] : [lineOf(missing, 'warn')])].map((line) =>
      cutLine(line, columns, glyphs.ellipsis),
    );
  const blank = Array.from({ length: Math.max(0, rows - 1 - lines.length) }, (): Line => []);
  return [...lines, ...blank, footer(missing, columns, options, glyphs)]
    .slice(0, rows)
    .map((line) => cutLine(line, columns, glyphs.ellipsis));
}

function bodyOf(
  seen: Seen,
  { columns, rows }: Size,
  nowMs: number,
  options: FrameOptions,
  glyphs: Glyphs,
): { lines: readonly Line[]; leftOut: readonly string[] } {
  const { parts } = seen;
  const isWide = columns >= WIDE_COLUMNS;
  const lowerColumns = isWide ? Math.floor((columns - GAP_COLUMNS) / 2) : columns;
  const { view } = options;
  const upper = present([
    troublesSection(parts, nowMs),
    operationSection(parts, nowMs, glyphs),
    membersSection(parts, { view, columns, nowMs, glyphs }),
    backupsSection(parts, nowMs),
  ]);
  const prefixes = present([prefixesSection(parts, { view, columns: lowerColumns, glyphs })]);
  const events = present([eventsSection(parts, nowMs)]);
  if (!isWide) return placed([...upper, ...prefixes, ...events], rows, columns, glyphs);
  const above = placed(upper, rows - Math.floor(rows * LOWER_SHARE), columns, glyphs);
  const left = placed(prefixes, rows - above.lines.length, lowerColumns, glyphs);
  const right = placed(events, rows - above.lines.length, lowerColumns, glyphs);
  return {
    lines: [...above.lines, ...beside(left.lines, right.lines, lowerColumns, glyphs)],
    leftOut: [...above.leftOut, ...left.leftOut, ...right.leftOut],
  };
}

function present(sections: readonly (Section | undefined)[]): readonly Section[] {
  return sections.filter((section) => section !== undefined);
}

function beside(left: readonly Line[], right: readonly Line[], columns: number, { ellipsis }: Glyphs): readonly Line[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => [
    ...fitLine(left[row] ?? [], columns, ellipsis),
    span(' '.repeat(GAP_COLUMNS)),
    ...cutLine(right[row] ?? [], columns, ellipsis),
  ]);
}

function footer(
  missing: string,
  columns: number,
  { view, pausedAtMs, unicode }: FrameOptions,
  { ellipsis }: Glyphs,
): Line {
  const arrows = unicode ? '←→' : '<- ->';
  const line: Line = [
    span(`q quit  ? help  p ${pausedAtMs === undefined ? 'pause' : 'go on'}  d depth  ${arrows} `, 'dim'),
    span(`${view.chosen} by ${view[view.chosen]}`, 'chosen'),
  ];
  if (missing === '') return line;
  const note = span(`  ${missing}`, 'warn');
  return [...cutLine(line, Math.max(0, columns - widthOf([note])), ellipsis), note];
}

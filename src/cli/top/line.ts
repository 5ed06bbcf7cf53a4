import stringWidth from 'string-width';
import { visible } from './visible.ts';

/** What a piece of text means; at the edge it becomes a colour, or nothing. */
export type Style = 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad' | 'alert' | 'title' | 'chosen';

/** A piece of text in one style. Only `span` makes one, so its text is fit for a terminal. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One line of the screen. */
export type Line = readonly Span[];

const graphemes = new Intl.Segmenter();

/** Text from anywhere, made fit for a terminal. */
export function span(text: string, style: Style = 'plain'): Span {
  return { text: visible(text), style };
}

/** A line of one style. */
export function lineOf(text: string, style: Style = 'plain'): Line {
  return [span(text, style)];
}

/** Columns of the terminal that a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + stringWidth(text), 0);
}

/** A line in no style that means something: what it says is not current. */
export function dimmed(line: Line): Line {
  return line.map(({ text }) => ({ text, style: 'dim' }));
}

/** As much of a line as fits; where something is left out it ends with `ellipsis`. Characters of two columns are not halved. */
export function cutLine(line: Line, columns: number, ellipsis: string): Line {
  if (widthOf(line) <= columns) return line;
  const room = columns - stringWidth(ellipsis);
  if (room < 0) return [];
  const kept: Span[] = [];
  let width = 0;
  for (const { text, style } of line) {
    let part = '';
    for (const { segment } of graphemes.segment(text)) {
      const segmentWidth = stringWidth(segment);
      if (width + segmentWidth > room) {
        return [...kept, { text: `${part}${ellipsis}`, style }];
      }
      part += segment;
      width += segmentWidth;
    }
    kept.push({ text: part, style });
  }
  return kept;
}

/** A line of exactly so many columns, blanks on the left or on the right. */
export function fitLine(line: Line, columns: number, ellipsis: string, align: 'left' | 'right' = 'left'): Line {
  const cut = cutLine(line, columns, ellipsis);
  const blanks: Span = { text: ' '.repeat(Math.max(0, columns - widthOf(cut))), style: 'plain' };
  if (blanks.text === '') return cut;
  return align === 'left' ? [...cut, blanks] : [blanks, ...cut];
}

/** A line over several, broken at blanks; what is in more than `most` lines is cut. */
export function wrapLine(line: Line, columns: number, most: number, ellipsis: string): readonly Line[] {
  const lines: Span[][] = [[]];
  let width = 0;
  for (const { text, style } of line) {
    for (const word of text.split(/(?<= )/)) {
      const wordWidth = stringWidth(word.trimEnd());
      if (width > 0 && width + wordWidth > columns && lines.length < most) {
        lines.push([]);
        width = 0;
      }
      const current = lines.at(-1) ?? [];
      const last = current.at(-1);
      if (last?.style === style) current.splice(-1, 1, { text: last.text + word, style });
      else current.push({ text: word, style });
      width += stringWidth(word);
    }
  }
  return lines.map((one) => cutLine(trimmed(one), columns, ellipsis));
}

function trimmed(line: Line): Line {
  const last = line.at(-1);
  return last === undefined ? line : [...line.slice(0, -1), { ...last, text: last.text.trimEnd() }];
}

import { styleText } from 'node:util';
import stringWidth from 'string-width';
import type { Line, Style } from './line.ts';

/** What the terminal can show. */
export interface Shows {
  readonly colour: boolean;
  readonly unicode: boolean;
}

type Format = Parameters<typeof styleText>[0];

const formats: Readonly<Record<Exclude<Style, 'plain'>, Format>> = {
  strong: 'bold',
  dim: 'dim',
  good: 'green',
  warn: 'yellow',
  bad: ['bold', 'red'],
  alert: ['bold', 'white', 'bgRed'],
  title: 'cyan',
  chosen: ['bold', 'cyan'],
};

const graphemes = new Intl.Segmenter();

/** A line as it goes to the terminal: styles as escape codes where it shows colours, and what it cannot show as question marks. */
export function escapeCodes(line: Line, { colour, unicode }: Shows): string {
  return line
    .map(({ text, style }) => {
      const shown = unicode ? text : asciiOf(text);
      return style === 'plain' || !colour ? shown : styleText(formats[style], shown, { validateStream: false });
    })
    .join('');
}

/** As wide as before, so that columns stay columns. */
function asciiOf(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  return Array.from(graphemes.segment(text), ({ segment }) =>
    /^[ -~]$/.test(segment) ? segment : '?'.repeat(stringWidth(segment)),
  ).join('');
}

/** Node's own rule for a stream: it is a terminal with colours, and NO_COLOR and FORCE_COLOR have their say. */
export function showsColour(stream: NodeJS.WriteStream): boolean {
  return styleText('red', 'x', { stream }) !== 'x';
}

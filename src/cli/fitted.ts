import { stripVTControlCharacters } from 'node:util';

/** A text begins to the right of its label, of a list's mark, or of "to do:"; what does not fit goes on below its beginning. */
const label = /^\s*(?:- |to do: )?/;
const gap = /\S {2,}(?=\S)/g;

/** Breaks lines that are longer than a terminal is wide between words; at any width where `columns` is absent. */
export function fitted(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns ? line : broken(line, columns)))
    .join('\n');
}

/** Characters that a text takes on a terminal: without the codes for colours. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

function broken(line: string, columns: number): string {
  const indent = indentOf(stripVTControlCharacters(line), columns);
  let lines = '';
  let width = 0;
  for (const [index, word] of line.split(' ').entries()) {
    const wide = widthOf(word);
    if (index > 0 && wide > 0 && width > indent && width + 1 + wide > columns) {
      lines = `${lines.trimEnd()}\n${' '.repeat(indent)}${word}`;
      width = indent + wide;
    } else {
      lines += index === 0 ? word : ` ${word}`;
      width += index === 0 ? wide : wide + 1;
    }
  }
  return lines;
}

function indentOf(line: string, columns: number): number {
  const starts = [...line.matchAll(gap)].map(({ index, 0: { length } }) => index + length);
  const start = starts.findLast((column) => column <= columns / 2) ?? 0;
  return start + (label.exec(line.slice(start))?.[0].length ?? 0);
}

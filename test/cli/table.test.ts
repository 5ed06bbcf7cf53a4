import { styleText } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fitted } from '../../src/cli/fitted.ts';
import type { Look } from '../../src/cli/look.ts';
import { formatTable, right, spare } from '../../src/cli/table.ts';

const colourful: Look = { paint: (style, text) => styleText(style, text, { validateStream: false }) };

describe('a table', () => {
  it('has its numbers to the right, and no spaces at the end of a line', () => {
    const rows = [
      ['m1', '1,200', 'a'],
      ['m10', '7', ''],
    ];
    expect(formatTable(['NAME', right('LAG'), 'URL'], rows)).toBe('NAME    LAG  URL\nm1    1,200  a\nm10       7\n');
  });

  it('is as wide with colours as without', () => {
    const row = (health: string): string[] => ['m1', health, 'x'];
    const plain = formatTable(['NAME', 'HEALTH', 'URL'], [row('unhealthy')]).split('\n');
    const painted = formatTable(['NAME', 'HEALTH', 'URL'], [row(colourful.paint('red', 'unhealthy'))], colourful);
    expect(painted.split('\n')[1]).toBe(plain[1]?.replace('unhealthy', colourful.paint('red', 'unhealthy')));
  });

  it('leaves out what can be missed, the last first, until it fits', () => {
    const header = ['NAME', spare(right('KEYS')), 'AGE', spare('URL')];
    const table = (columns: number): string =>
      formatTable(header, [['m1', '5', '2 s', 'http://x']], { ...plain, columns });
    const plain: Look = { paint: (_style, text) => text };
    expect(table(80)).toBe('NAME  KEYS  AGE  URL\nm1       5  2 s  http://x\n');
    expect(table(16)).toBe('NAME  KEYS  AGE\nm1       5  2 s\n');
    expect(table(10)).toBe('NAME  AGE\nm1    2 s\n');
    expect(table(3)).toBe('NAME  AGE\nm1    2 s\n');
  });
});

describe('lines that are longer than the terminal is wide', () => {
  it('are broken between words, and go on below their beginning', () => {
    expect(fitted('Backups   one two three four\n', 20)).toBe('Backups   one two\n          three four\n');
    expect(fitted('  - one two three', 10)).toBe('  - one\n    two\n    three');
    expect(fitted('  to do: do it again', 16)).toBe('  to do: do it\n         again');
  });

  it('count without their colours', () => {
    const red = colourful.paint('red', 'one two');
    expect(fitted(red, 7)).toBe(red);
  });

  it('stay as they are without a terminal, and where a word is too long', () => {
    expect(fitted('one two three', undefined)).toBe('one two three');
    expect(fitted('a verylongwordindeed b', 8)).toBe('a\nverylongwordindeed\nb');
  });
});

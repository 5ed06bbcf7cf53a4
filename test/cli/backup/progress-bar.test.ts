import { describe, expect, test } from 'vitest';
import { ProgressBar, progressLine } from '../../../src/cli/backup/progress-bar.ts';

const MEBIBYTE = 1024 * 1024;

describe('how far something is', () => {
  test('with its rate and the time left, once the rate means something', () => {
    const progress = { what: 'reading', done: 256 * MEBIBYTE, total: 1024 * MEBIBYTE, unit: 'bytes' } as const;
    expect(progressLine(progress, 128 * MEBIBYTE, 2000)).toBe(
      'reading [######------------------] 256 MiB of 1.00 GiB, 64.0 MiB/s, 12 s left',
    );
    expect(progressLine(progress, 128 * MEBIBYTE, 200)).toBe('reading [######------------------] 256 MiB of 1.00 GiB');
  });

  test('of revisions as numbers, and of a step only that it is under way', () => {
    const replaying = { what: 'replaying', done: 1200, total: 2400, unit: 'revisions' } as const;
    expect(progressLine(replaying, 0, 0)).toBe('replaying [############------------] 1,200 of 2,400 revisions');
    expect(progressLine({ what: 'starting', done: 0, total: 1, unit: 'step' }, 0, 0)).toBe('starting …');
  });

  test('is drawn on a terminal only, and taken away at the end', () => {
    const drawn = (isTTY: boolean): string => {
      const written: string[] = [];
      const out = { isTTY, columns: 80, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
      {
        using bar = new ProgressBar(out, () => 0);
        bar.show({ what: 'starting', done: 0, total: 1, unit: 'step' });
      }
      return written.join('');
    };
    expect(drawn(false)).toBe('');
    expect(drawn(true)).toBe('\r\x1b[2Kstarting …\r\x1b[2K');
  });
});

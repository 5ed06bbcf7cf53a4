import { describe, expect, it } from 'vitest';
import { keyPresses, pressed } from '../../../src/cli/top/key-press.ts';
import { firstView } from '../../../src/cli/top/view.ts';

const kept = { depths: [1, 2, 3], depth: 2 };

describe('the keys of top', () => {
  it('are found in what the terminal sends, also several at once, and others mean nothing', () => {
    expect(keyPresses('q')).toEqual(['quit']);
    expect(keyPresses('\x03')).toEqual(['interrupt']);
    expect(keyPresses('\x1b[C\x1b[D\x1bOCd?p\t')).toEqual([
      'next-sort',
      'former-sort',
      'next-sort',
      'depth',
      'help',
      'pause',
      'other-table',
    ]);
    // The letters of other sequences are no keys: this one is what a terminal sends for a shifted arrow, and that for F1.
    expect(keyPresses('\x1b[1;2q\x1bOPxyzé日')).toEqual([]);
  });

  it('turn the sort of the chosen table around', () => {
    let view = firstView;
    for (const sort of ['bytes', 'keys', 'writes']) {
      view = pressed(view, 'next-sort', kept);
      expect(view.prefixes).toBe(sort);
    }
    expect(pressed(view, 'former-sort', kept).prefixes).toBe('keys');
    view = pressed(view, 'other-table', kept);
    expect(pressed(view, 'next-sort', kept)).toMatchObject({ chosen: 'members', members: 'fsync', prefixes: 'writes' });
    expect(pressed(view, 'former-sort', kept).members).toBe('rtt');
  });

  it('go through the depths that the agent keeps', () => {
    expect(pressed(firstView, 'depth', kept).depth).toBe(3);
    expect(pressed(firstView, 'depth', { ...kept, depth: 3 }).depth).toBe(1);
    expect(pressed(firstView, 'depth', { depths: [], depth: undefined })).toEqual(firstView);
  });
});

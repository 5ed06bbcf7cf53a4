import { describe, expect, it } from 'vitest';
import { ForeignHands, type HandsRound } from '../../src/cluster/foreign-hands.ts';
import { entry, MiB, member, observed, slot } from '../decide/states.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** m1 as large as this, compacted up to there. */
function round(
  atMs: number,
  sizeMiB: number | undefined,
  compactRevision?: bigint,
  more: Partial<HandsRound> = {},
): HandsRound {
  const seen = { ...observed(), compactRevision: compactRevision ?? 100n };
  const one = member(1, { observed: seen, dbSizeBytes: (sizeMiB ?? 0) * MiB });
  const { dbSizeBytes: _size, ...unknown } = one;
  return { monotonicMs: atMs, members: [sizeMiB === undefined ? unknown : one], history: [], ...more };
}

const known = entry('defrag');
const ended = (operation: string) => ({ history: [entry(operation)] });
const now = (operation: string) => ({ slot: slot(operation) });

describe('what somebody else has a hand in', () => {
  it.each<[string, readonly HandsRound[], string]>([
    ['nothing at the first look', [round(0, 10)], ''],
    ['nothing where nothing changes', [round(0, 100), round(5000, 100)], ''],
    ['a database that shrinks', [round(0, 100), round(5000, 79)], 'FOREIGN_DEFRAG'],
    ['not one that shrinks by a fifth', [round(0, 100), round(5000, 80)], ''],
    ['not one that shrinks by a few pages', [round(0, 4), round(5000, 1)], ''],
    ['not one that grows', [round(0, 10), round(5000, 1000)], ''],
    [
      'one that has shrunk while it was not seen',
      [round(0, 100), round(5000, undefined), round(10_000, 20)],
      'FOREIGN_DEFRAG',
    ],
    ['not one that we defragment', [round(0, 100), round(5000, 20, 100n, now('defrag'))], ''],
    ['not one that we defragmented a moment ago', [round(0, 100, 100n, now('defrag')), round(100_000, 20)], ''],
    ['not one that recovers from NOSPACE', [round(0, 100), round(5000, 20, 100n, now('nospace'))], ''],
    [
      'not one that another leader of ours has defragmented since',
      [round(0, 100), round(5000, 20, 100n, ended('defrag'))],
      '',
    ],
    [
      'one that shrinks long after our last',
      [round(0, 100, 100n, now('defrag')), round(3 * MINUTE_MS, 20)],
      'FOREIGN_DEFRAG',
    ],
    ['one that shrinks while we compact', [round(0, 100), round(5000, 20, 100n, now('compaction'))], 'FOREIGN_DEFRAG'],
    [
      'one that shrinks after an operation that had ended before',
      [
        { ...round(0, 100), history: [known] },
        { ...round(5000, 20), history: [known] },
      ],
      'FOREIGN_DEFRAG',
    ],
    ['a compaction', [round(0, 10, 100n), round(5000, 10, 101n)], 'FOREIGN_COMPACTION'],
    ['not one of ours', [round(0, 10, 100n), round(5000, 10, 101n, now('compaction'))], ''],
    ['not one of ours that has ended since', [round(0, 10, 100n), round(5000, 10, 101n, ended('compaction'))], ''],
    ['not one against NOSPACE', [round(0, 10, 100n), round(5000, 10, 101n, now('nospace'))], ''],
    [
      'not a compact revision that an older report has',
      [round(0, 10, 100n), round(5000, 10, 90n), round(9000, 10, 100n)],
      '',
    ],
    ['for a day', [round(0, 10, 100n), round(5000, 10, 101n), round(5000 + DAY_MS, 10, 101n)], 'FOREIGN_COMPACTION'],
    ['no longer after a day', [round(0, 10, 100n), round(5000, 10, 101n), round(5001 + DAY_MS, 10, 101n)], ''],
    ['both', [round(0, 100, 100n), round(5000, 20, 101n)], 'FOREIGN_DEFRAG,FOREIGN_COMPACTION'],
  ])('%s', (_name, rounds, expected) => {
    const hands = new ForeignHands();
    expect(
      rounds
        .map((one) => hands.round(one))
        .at(-1)
        ?.map(({ code }) => code)
        .join(),
    ).toBe(expected);
  });

  it('knows nothing of compactions while no agent tells', () => {
    const hands = new ForeignHands();
    const silent: HandsRound = { monotonicMs: 0, members: [member(1, { observed: { ageSeconds: 1 } })], history: [] };
    expect(hands.round(silent)).toEqual([]);
    expect(hands.round(round(5000, 100, 900n))).toEqual([]);
  });
});

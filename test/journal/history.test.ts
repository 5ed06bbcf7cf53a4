import { expect, test } from 'vitest';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import { historyToDrop } from '../../src/journal/history.ts';
import { anEntry } from './journal-on-etcd.ts';

/** Newest first, from this revision down. */
const many = (count: number, from: bigint, over: Partial<HistoryEntry>): HistoryEntry[] =>
  Array.from({ length: count }, (_, index) => anEntry({ ...over, revision: from - BigInt(index) }));

test('of fifty operations the oldest goes when one more comes', () => {
  expect(historyToDrop(many(49, 100n, {}))).toEqual([]);
  expect(historyToDrop(many(50, 100n, {}))).toEqual([51n]);
});

test('what people were refused, and their pauses, drive no operation out of the history, nor the other way', () => {
  const operations = many(30, 1000n, { outcome: 'failed' });
  const refused = many(40, 900n, { outcome: 'refused' });
  const pauses = many(20, 800n, { operation: 'pause', outcome: 'succeeded' });
  const dropped = historyToDrop([...operations, ...refused, ...pauses]);
  expect(dropped).toEqual(pauses.slice(9).map(({ revision }) => revision));
});

import { expect, test } from 'vitest';
import { DamagedEnds } from '../../../src/agent/member/damaged-ends.ts';

test('ends at which etcd calls its data damaged are counted as long as nothing else comes in between', () => {
  const ends = new DamagedEnds();
  ends.ended('wal-corrupt', 0);
  ends.ended('database-corrupt', 1000);
  expect(ends.inRow).toBe(2);
  ends.ended('killed', 2000);
  expect(ends.inRow).toBe(0);
});

test('a run of ten minutes, or other data, begin the count anew', () => {
  const ends = new DamagedEnds();
  ends.ended('wal-corrupt', 0);
  ends.started(1000);
  ends.ended('wal-corrupt', 601_000);
  expect(ends.inRow).toBe(1);
  ends.forget();
  expect(ends.inRow).toBe(0);
});

test('a run of ten minutes also counts where systemd has started etcd again, and not the agent', () => {
  const ends = new DamagedEnds();
  ends.ended('database-corrupt', 0);
  ends.ended('database-corrupt', 2000);
  expect(ends.inRow).toBe(2);
  ends.ended('database-corrupt', 603_000);
  expect(ends.inRow).toBe(1);
});

test('data that differ from the peers and data that are damaged are counted each by themselves', () => {
  const ends = new DamagedEnds();
  ends.ended('wal-corrupt', 0);
  ends.ended('database-corrupt', 1000);
  ends.ended('data-differs', 2000);
  expect(ends.inRow).toBe(1);
  ends.ended('data-differs', 3000);
  expect(ends.inRow).toBe(2);
  ends.ended('database-corrupt', 4000);
  expect(ends.inRow).toBe(1);
});

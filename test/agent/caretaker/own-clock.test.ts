import { expect, test } from 'vitest';
import { byOwnClock } from '../../../src/agent/caretaker/own-clock.ts';
import { anEntry } from '../../journal/journal-on-etcd.ts';

const now = { nowMs: 1_000_000, monotonicMs: 50_000 };

test.each([100, 2_000_000])('what a wrong clock has written down as %d ended when it arrived here', (endedAtMs) => {
  const wrong = anEntry({ revision: 5n, endedAtMs });
  expect(byOwnClock([wrong], new Map([[5n, 20_000]]), now)).toEqual([{ ...wrong, endedAtMs: 970_000 }]);
});

test('what came before this process looked stays as it was written', () => {
  const before = anEntry({ revision: 5n, endedAtMs: 100 });
  expect(byOwnClock([before], new Map(), now)).toEqual([before]);
});

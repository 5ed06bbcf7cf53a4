import { expect, test } from 'vitest';
import { byOwnClock } from '../../../src/agent/caretaker/own-clock.ts';
import { anEntry } from '../../journal/journal-on-etcd.ts';

const now = { nowMs: 1_000_000, monotonicMs: 50_000 };

test('what a clock that is behind has written down ended when it arrived here', () => {
  const behind = anEntry({ revision: 5n, endedAtMs: 100 });
  expect(byOwnClock([behind], new Map([[5n, 20_000]]), now)).toEqual([{ ...behind, endedAtMs: 970_000 }]);
});

test('what came before this process looked, or bears a later time, stays as it was written', () => {
  const before = anEntry({ revision: 5n, endedAtMs: 100 });
  const ahead = anEntry({ revision: 6n, endedAtMs: 2_000_000 });
  expect(byOwnClock([ahead, before], new Map([[6n, 20_000]]), now)).toEqual([ahead, before]);
});

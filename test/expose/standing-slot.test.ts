import { expect, it } from 'vitest';
import type { Slot } from '../../src/cluster/caretaking.ts';
import { standingStill } from '../../src/expose/standing-slot.ts';

const slot = (phase: string): Slot => ({
  ...{ id: 'x', operation: 'replace', operationVersion: 1, targets: ['a'], phase, epoch: 1n, holder: 'm1' },
  ...{ startedAtMs: 0, phaseAtMs: 0, reasons: [], parameters: {}, progress: {} },
  steps: [{ name: phase, memberId: 'a', atMs: 0 }],
});

it('an operation that has not come on for a quarter of an hour is told with where it stands', () => {
  expect(standingStill(slot('fence'), 14 * 60_000)).toBeUndefined();
  expect(standingStill(slot('fence'), 16 * 60_000)).toMatch(/replace.*fence.*member a/);
  expect(standingStill(undefined, 16 * 60_000)).toBeUndefined();
});

it('what lasts as long as there are data is given longer', () => {
  expect(standingStill(slot('defragment'), 3_600_000)).toBeUndefined();
});

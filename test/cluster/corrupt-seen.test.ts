import { expect, test } from 'vitest';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import { CorruptSeen } from '../../src/cluster/corrupt-seen.ts';

const raised = { alarms: [{ memberId: '0', member: 'unknown', alarm: 'CORRUPT' as const }] };
const calm = { alarms: [{ memberId: '1', member: 'm1', alarm: 'NOSPACE' as const }] };

const check = (revision: bigint, over: Partial<HistoryEntry> = {}): HistoryEntry => ({
  ...{ revision, id: 'i', operation: 'hash-check', outcome: 'succeeded', epoch: 1n, holder: '1', targets: [] },
  ...{ startedAtMs: 0, endedAtMs: 0, seconds: 0, reasons: [], summary: '', steps: [], figures: {} },
  ...over,
});

test('an alarm that was never seen asks for nothing', () => {
  const seen = new CorruptSeen();
  seen.look(calm, 7n);
  expect(seen.isOpen([])).toBe(false);
});

test('one that was seen stays open when it is gone, until a comparison made since then is in the history', () => {
  const seen = new CorruptSeen();
  seen.look(raised, 7n);
  seen.look(calm, 9n);
  expect(seen.isOpen([])).toBe(true);
  expect(seen.isOpen([check(6n)])).toBe(true);
  expect(seen.isOpen([check(8n, { outcome: 'failed' }), check(8n, { operation: 'defrag' })])).toBe(true);
  expect(seen.isOpen([check(7n)])).toBe(false);
});

test('one that is raised anew is open anew', () => {
  const seen = new CorruptSeen();
  seen.look(raised, 7n);
  expect(seen.isOpen([check(8n)])).toBe(false);
  seen.look(raised, 9n);
  expect(seen.isOpen([check(8n)])).toBe(true);
});

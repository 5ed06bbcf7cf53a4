import { expect, it } from 'vitest';
import { isRecovering } from '../../../src/agent/caretaker/recovery-under-way.ts';
import type { JournalSnapshot } from '../../../src/journal/snapshot.ts';

const own = { memberId: 'a', ttlMs: 10_000, recovering: undefined };

function snapshot(over: Partial<JournalSnapshot>): JournalSnapshot {
  return {
    ...{ revision: 9n, connected: true, agents: [{ memberId: 'b' }], leaderRevision: 0n, epoch: 5n, epochRevision: 1n },
    ...{ slotRevision: 0n, history: [], requests: [], staleRequests: [], resumedRevision: 0n, unreadable: [] },
    spares: [{ epoch: 6n, members: ['a', 'b'], missing: ['b'], steps: [] }],
    lastSpareChangeAtMonotonicMs: performance.now(),
    ...over,
  } as JournalSnapshot;
}

it('nobody campaigns while another agent brings the cluster back, registered or not', () => {
  expect(isRecovering(snapshot({}), own)).toBe(true);
  expect(isRecovering(snapshot({ agents: [] }), own)).toBe(true);
});

it.each<[string, Partial<JournalSnapshot>]>([
  ['nobody has claimed a spare epoch', { spares: [{ epoch: 6n, members: ['a', 'b'], missing: [], steps: [] }] }],
  ['the stored epoch has come up to the claim', { epoch: 6n }],
  ['the claimer has given no sign for longer than it can hold on', { lastSpareChangeAtMonotonicMs: -20_000 }],
  [
    'the claim was the own one, and is over',
    { spares: [{ epoch: 6n, members: ['a', 'b'], missing: ['a'], steps: [] }] },
  ],
])('somebody may lead when %s', (_, over) => {
  expect(isRecovering(snapshot(over), own)).toBe(false);
});

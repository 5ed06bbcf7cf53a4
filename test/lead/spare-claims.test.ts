import { describe, expect, test } from 'vitest';
import type { JournalSnapshot, SpareEpoch } from '../../src/journal/snapshot.ts';
import { claimable } from '../../src/lead/spare-claims.ts';
import { sparesMissing } from '../../src/lead/spare-stock.ts';
import { aSlot } from '../journal/journal-on-etcd.ts';
import { agentRecord } from './real-agent.ts';

const members = ['a', 'b', 'c'];
const steps = Array.from({ length: 24 }, (_, index) => index);
const spare = (epoch: bigint, over: Partial<SpareEpoch> = {}): SpareEpoch => ({
  epoch,
  members,
  missing: [],
  steps,
  ...over,
});
const stock = (from: bigint): SpareEpoch[] => Array.from({ length: 8 }, (_, index) => spare(from + BigInt(index)));
const snapshot = (over: Partial<JournalSnapshot> = {}): JournalSnapshot => ({
  revision: 100n,
  connected: true,
  agents: members.map(agentRecord),
  leaderRevision: 0n,
  epoch: 5n,
  epochRevision: 10n,
  slotRevision: 0n,
  history: [],
  requests: [],
  staleRequests: [],
  resumedRevision: 0n,
  reports: [],
  resumeTokens: [0, 1, 2, 3],
  places: [],
  arrivedAtMonotonicMs: new Map(),
  unreadable: [],
  spares: stock(6n),
  lastSpareChangeAtMonotonicMs: 0,
  ...over,
});
const [, ...afterSix] = stock(6n);
const claimedBy = (memberId: string): SpareEpoch[] => [spare(6n, { missing: [memberId] }), ...afterSix];
const LONG_AFTER = 1_000_000;

describe('who may claim a spare epoch', () => {
  const claim = (over: Partial<JournalSnapshot>, leads = false, nowMs = LONG_AFTER): bigint | string => {
    const may = claimable(snapshot(over), { memberId: 'a', leads, ttlMs: 10_000, nowMs });
    return 'spare' in may ? may.spare.epoch : may.reason.code;
  };
  const slot = { slot: aSlot(), createRevision: 1n, modRevision: 1n };

  const cases: readonly (readonly [string, bigint | string, Partial<JournalSnapshot>, boolean?, number?])[] = [
    ['the first one, where nobody leads', 6n, {}],
    ['the first one, where it leads itself', 6n, { leaderRevision: 9n }, true],
    ['none where another agent leads', 'NOT_LEADER', { leaderRevision: 9n }],
    ['none while the journal is not followed', 'JOURNAL_NOT_CONNECTED', { connected: false }],
    ['none where the slot cannot be read', 'SLOT_UNREADABLE', { slotRevision: 4n }],
    ['the first one where a slot can be read', 6n, { slotRevision: 1n, slot }],
    ['none while the claimer is registered', 'SPARE_CLAIMED', { spares: claimedBy('b') }],
    ['the next one when the claimer is gone', 7n, { spares: claimedBy('b'), agents: [] }],
    [
      'none before a claimer that is gone cannot hold it any more',
      'SPARE_CLAIM_RECENT',
      { spares: claimedBy('b'), agents: [] },
      false,
      11_999,
    ],
    ['the next one right then', 7n, { spares: claimedBy('b'), agents: [] }, false, 12_000],
    ['the next one after an own claim of which nothing is known', 7n, { spares: claimedBy('a') }],
    ['none right after an own claim', 'SPARE_CLAIM_RECENT', { spares: claimedBy('a') }, false, 1],
    ['the next one where the stored epoch has come up to some', 9n, { epoch: 8n }],
    ['none where all are used', 'SPARES_USED_UP', { spares: [] }],
    ['none where all are behind the stored epoch', 'SPARES_USED_UP', { epoch: 13n }],
    ['none that was made before it joined', 'SPARE_NOT_FOR_MEMBER', { spares: [spare(6n, { members: ['b', 'c'] })] }],
  ];
  test.each(cases.map(([name, expected, ...view]) => ({ name, expected, view })))('$name', ({ expected, view }) => {
    const [over, leads, nowMs] = view;
    expect(claim(over, leads, nowMs)).toBe(expected);
  });

  test('none where the stored epoch cannot be read', () => {
    const { epoch: _, ...unreadable } = snapshot();
    const may = claimable(unreadable, { memberId: 'a', leads: false, ttlMs: 1, nowMs: LONG_AFTER });
    expect(may).toMatchObject({ reason: { code: 'EPOCH_UNREADABLE' } });
  });
});

describe('when spare epochs are missing', () => {
  test.each<readonly [string, boolean, Partial<JournalSnapshot>]>([
    ['not with a full stock', false, {}],
    ['with none at all', true, { spares: [] }],
    ['when one is claimed', true, { spares: claimedBy('c') }],
    ['when a step is used', true, { spares: [spare(6n, { steps: steps.slice(1) }), ...afterSix] }],
    ['when the stored epoch has come up to the first one', true, { epoch: 6n }],
    ['when a member has joined', true, { spares: stock(6n).map((each) => ({ ...each, members: ['a', 'b'] })) }],
    ['when a member has left', true, { spares: stock(6n).map((each) => ({ ...each, members: [...members, 'd'] })) }],
  ])('%s', (_, expected, over) => {
    expect(sparesMissing(snapshot(over), members)).toBe(expected);
  });
});

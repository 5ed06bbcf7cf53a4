import { describe, expect, it } from 'vitest';
import { type SeatParts, seatOf } from '../../../src/agent/member/seat.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import { emptyObservation, fullObservation } from '../../expose/support/full-observation.ts';

type Listed = { readonly id: string; readonly name: string; readonly peerUrls: readonly string[] };

const URL_1 = 'http://10.0.0.1:2380';
const others: readonly Listed[] = [
  { id: 'b', name: 'm2', peerUrls: ['http://10.0.0.2:2380'] },
  { id: 'c', name: 'm3', peerUrls: ['http://10.0.0.3:2380'] },
];
const named: Listed = { id: 'a', name: 'm1', peerUrls: [URL_1] };
const added: Listed = { id: 'd', name: '', peerUrls: [URL_1] };

/** What m1's agent sees: the list, and its own member's id while that answers. */
function seen(members: readonly Listed[], answering?: string, linearizable = true): Observation {
  const cluster = fullObservation.sections.cluster;
  const member = fullObservation.sections.member;
  const value = cluster?.value && {
    ...cluster.value,
    linearizable,
    members: members.map((each) => ({ ...each, clientUrls: [], isLearner: false, reachable: true, healthy: true })),
  };
  const own = member?.value && {
    ...member.value,
    findings: [],
    status: { ...member.value.status, memberId: answering ?? '' },
  };
  const reading = { observedAtMs: 1, durationSeconds: 0 };
  return {
    ...emptyObservation,
    sections: {
      ...(value === undefined ? {} : { cluster: { ...reading, value } }),
      ...(answering === undefined || own === undefined ? {} : { member: { ...reading, value: own } }),
    },
  };
}

const remembered = { clusterId: 'x', memberId: 'a', members: [], agents: [] };
const as = (memberId: string, isTarget = false, journalConnected = true): NonNullable<SeatParts['now']> => ({
  seat: { memberId },
  isTarget,
  journalConnected,
});

const rows: readonly (readonly [string, Omit<SeatParts, 'peerUrls'>, string | undefined])[] = [
  ['its member answers', { observation: seen([named, ...others], 'a') }, 'a'],
  ['its member is down, and listed under its name', { observation: seen([named, ...others]) }, 'a'],
  ['it was added, and never started', { observation: seen([added, ...others]) }, 'd'],
  ['it is new, and wants to join', { observation: seen(others), wantsToJoin: true }, 'candidate:m1'],
  ['it is new, and stays out', { observation: seen(others), wantsToJoin: false }, undefined],
  [
    'it is new, and no quorum says who is a member',
    { observation: seen(others, undefined, false), wantsToJoin: true },
    undefined,
  ],
  [
    'it was removed, and has not seen the journal yet',
    { observation: seen(others), remembered, wantsToJoin: true },
    'a',
  ],
  [
    'it was removed by the operation under way',
    { observation: seen(others), remembered, now: as('a', true), wantsToJoin: true },
    'a',
  ],
  [
    'it was removed, and joins anew',
    { observation: seen(others), remembered, now: as('a'), wantsToJoin: true },
    'candidate:m1',
  ],
  [
    'it was removed, and the journal is not there just now',
    { observation: seen(others), remembered, now: as('a', false, false), wantsToJoin: true },
    'a',
  ],
  [
    'it has joined, and the operation still checks it',
    { observation: seen([{ ...named, id: 'e' }, ...others], 'e'), now: as('a', true) },
    'a',
  ],
  ['it has joined', { observation: seen([{ ...named, id: 'e' }, ...others], 'e'), now: as('a') }, 'e'],
  [
    'it was a candidate, and has joined',
    { observation: seen([{ ...named, id: 'e' }, ...others], 'e'), now: as('candidate:m1') },
    'e',
  ],
  [
    'it only watches, and its member is down',
    { observation: seen([named, ...others]), onlyAnswering: true },
    undefined,
  ],
  [
    'it only watches, and its member went down',
    { observation: seen([named, ...others]), onlyAnswering: true, now: as('a') },
    'a',
  ],
];

describe('the seat of an agent', () => {
  it.each(rows)('%s', (_, parts, expected) => {
    expect(seatOf({ ...parts, peerUrls: [URL_1] })?.memberId).toBe(expected);
  });

  it('carries the URLs that a candidate would be listed under', () => {
    const seat = seatOf({ observation: seen(others), wantsToJoin: true, peerUrls: [URL_1] });
    expect(seat?.candidate).toEqual({ peerUrls: [URL_1] });
    expect(seatOf({ observation: seen(others), wantsToJoin: true })).toBeUndefined();
  });
});

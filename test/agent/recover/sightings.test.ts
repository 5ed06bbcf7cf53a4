import { expect, test } from 'vitest';
import { Sightings } from '../../../src/agent/recover/sightings.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import type { ProcessState } from '../../../src/cluster/own-member.ts';
import { fullObservation } from '../../expose/support/full-observation.ts';

/** A round in which the members answer with these revisions, and a quorum or none. */
function round(atMs: number, revisions: readonly bigint[], hasQuorum: boolean): Observation {
  const full: Observation = fullObservation;
  const cluster = full.sections.cluster;
  const member = full.sections.member;
  if (cluster?.value === undefined || member?.value === undefined) throw new Error('the observation is not full');
  const [one] = cluster.value.members;
  if (one?.status === undefined) throw new Error('the observation has no members');
  const { linearizableReadSeconds: _, ...lonely } = member.value;
  const { status } = one;
  const members = revisions.map((revision, index) => ({
    ...one,
    id: `a${index}`,
    status: { ...status, revision, raftAppliedIndex: revision + 10n },
  }));
  const votersReachable = hasQuorum ? 3 : 1;
  return {
    ...full,
    observedAtMs: atMs + 500,
    sections: {
      member: { ...member, value: hasQuorum ? { ...member.value, linearizableReadSeconds: 0.01 } : lonely },
      cluster: {
        ...cluster,
        observedAtMs: atMs,
        value: { ...cluster.value, members, voters: 3, votersReachable, linearizable: hasQuorum },
      },
    },
  };
}

test('the newest revision of a round is remembered with its index, as of when the members were asked', () => {
  const sightings = new Sightings();
  sightings.take(round(1000, [7n, 9n], true));
  sightings.take(round(2000, [9n, 11n], true));
  expect(sightings.revisions).toEqual([
    { atMs: 1000, revision: 9n, raftIndex: 19n },
    { atMs: 2000, revision: 11n, raftIndex: 21n },
  ]);
  expect(sightings.lostAtMs).toBeUndefined();
});

test('what a member has that is left alone is none of it, and the list is that of the quorum', () => {
  const sightings = new Sightings();
  sightings.take(round(1000, [7n, 9n, 9n], true));
  sightings.take(round(2000, [12n], false));
  sightings.take(round(3000, [12n], false));
  expect(sightings.revisions).toHaveLength(1);
  expect(sightings.lostAtMs).toBe(2500);
  expect(sightings.lostForMs()).toBeGreaterThanOrEqual(0);
  expect(sightings.list?.members).toHaveLength(3);
  sightings.take(round(4000, [12n, 12n, 12n], true));
  expect([sightings.lostAtMs, sightings.lostForMs()]).toEqual([undefined, 0]);
});

test('a list that no quorum gave is kept apart from those that one did', () => {
  const sightings = new Sightings();
  sightings.take(round(1000, [7n], false));
  expect([sightings.list, sightings.unconfirmedList?.atMs]).toEqual([undefined, 0]);
  sightings.take(round(2000, [7n, 9n], true));
  expect(sightings.list).toMatchObject({ atMs: 2500, raftIndex: 19n });
});

test('a member that does not run has no part in what is acknowledged, also where nobody can tell of a quorum', () => {
  const sightings = new Sightings();
  const { dataDir } = fullObservation.own ?? { dataDir: { state: 'empty' } };
  const at = (observedAtMs: number, process: ProcessState): Observation => ({
    ...fullObservation,
    observedAtMs,
    sections: {},
    own: { kind: 'child', process, dataDir, bootstrapped: true, restarts: 0, quarantine: [] },
  });
  const stopped = { state: 'stopped' } as const;
  sightings.take(at(1000, stopped));
  sightings.take(at(2000, stopped));
  expect(sightings.lostAtMs).toBe(1000);
  // It ran between two rounds.
  sightings.take(at(9000, { ...stopped, end: { how: 'SIGKILL', cause: 'killed', atMs: 8000 } }));
  expect(sightings.lostAtMs).toBe(8000);
  sightings.take(at(10_000, { state: 'running', adopted: false }));
  expect(sightings.lostAtMs).toBeUndefined();
});

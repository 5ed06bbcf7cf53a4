import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DataDirState } from '../../../src/cluster/own-member.ts';
import type { RecoveryEvidence, StoreReach } from '../../../src/cluster/recovery.ts';
import { lossAtMs } from '../../../src/decide/recover/loss-bound.ts';
import { recoverReasons } from '../../../src/decide/recover/reasons.ts';
import { type RecoverInput, recoverPlan } from '../../../src/decide/recover/recover-plan.ts';

const NOW_MS = 1_000_000;
const LIST = {
  clusterId: 'c1',
  atMs: NOW_MS - 60_000,
  members: ['m1', 'm2', 'm3'].map((name, index) => ({
    id: `a${index + 1}`,
    name,
    peerUrls: [`http://127.0.0.1:${index}`],
    isLearner: false,
  })),
};
/** m2 was replaced since, and this agent's clock is ten minutes behind. */
const REPLACED = {
  ...LIST,
  ...{ atMs: LIST.atMs - 600_000, raftIndex: 60n },
  members: LIST.members.map((each) => (each.name === 'm2' ? { ...each, id: 'b2' } : each)),
};
const EMPTY: DataDirState = { state: 'empty' };
const store: StoreReach = { url: 'file:///backups', oldestRevision: 10n, revision: 90n, atMs: NOW_MS - 31_000 };

function disk(member: string, lastTerm = 3n, lastIndex = 100n, clusterId = 'c1'): DataDirState {
  const memberId = `a${member.slice(1)}`;
  return { state: 'intact', clusterId, memberId, raftTerm: lastTerm, commitIndex: lastIndex - 1n, lastIndex, lastTerm };
}

function evidence(member: string, dataDir: DataDirState, more: Partial<RecoveryEvidence> = {}): RecoveryEvidence {
  return {
    member,
    quorum: 'lost',
    quorumLostAtMs: NOW_MS - 30_000,
    own: { kind: 'child', process: { state: 'stopped' }, dataDir, bootstrapped: true, restarts: 0, quarantine: [] },
    list: LIST,
    // One revision for each entry, one a second, the last of them 32 s ago.
    sightings: [96n, 97n, 98n].map((index, at) => ({
      atMs: NOW_MS - 34_000 + at * 1000,
      revision: index - 10n,
      raftIndex: index,
    })),
    ...more,
  };
}

function input(heard: readonly RecoveryEvidence[], more: Partial<RecoverInput> = {}): RecoverInput {
  const members = ['m1', 'm2', 'm3'].map((name) => {
    const found = heard.find(({ member }) => member === name);
    return found === undefined ? { name, silence: 'connection refused' } : { name, evidence: found };
  });
  return { nowMs: NOW_MS, members, lost: [], ...more };
}

const codes = (asked: RecoverInput): readonly string[] => recoverPlan(asked).reasons.map(({ code }) => code);

describe('the plan for a lost quorum', () => {
  it.each<[string, RecoverInput, object, readonly string[]]>([
    [
      'nothing where an agent sees a quorum',
      input([evidence('m1', disk('m1'), { quorum: 'holds' }), evidence('m2', EMPTY)]),
      { kind: 'none-needed', start: [] },
      ['QUORUM_HOLDS'],
    ],
    [
      'a majority of disks is started, and who is silent need not be waited for',
      input([evidence('m1', disk('m1')), evidence('m2', disk('m2'))]),
      { kind: 'none-needed', start: ['m1', 'm2'] },
      ['DISKS_INTACT'],
    ],
    [
      'a majority that runs and has no quorum is left alone',
      input(['m1', 'm2'].map((name) => running(evidence(name, disk(name))))),
      { kind: 'none-needed', start: [] },
      ['DISKS_INTACT', 'MEMBERS_RUN'],
    ],
    [
      'an agent that is silent holds everything while it may have a disk',
      input([evidence('m1', disk('m1')), evidence('m2', EMPTY)]),
      { kind: 'hold' },
      ['AGENT_NOT_HEARD'],
    ],
    [
      'a person calls it lost',
      input([evidence('m1', disk('m1')), evidence('m2', EMPTY)], { lost: ['m3'] }),
      { kind: 'seed-from-member', seed: 'm1' },
      ['NEWEST_LOG'],
    ],
    [
      'one disk of three, all heard',
      input([evidence('m1', EMPTY), evidence('m2', disk('m2')), evidence('m3', EMPTY)], { store }),
      { kind: 'seed-from-member', seed: 'm2', store },
      ['NEWEST_LOG', 'STORE_AHEAD'],
    ],
    [
      'no disk, and a store',
      input(
        ['m3', 'm1', 'm2'].map((name) => evidence(name, EMPTY)),
        { store },
      ),
      { kind: 'seed-from-store', seed: 'm1', store },
      ['NO_DISK_LEFT', 'STORE_AHEAD'],
    ],
    [
      'no disk, and a store that does not answer',
      input(
        ['m1', 'm2', 'm3'].map((name) => evidence(name, EMPTY)),
        { storeTrouble: 'the store is away' },
      ),
      { kind: 'hold' },
      ['NO_DISK_LEFT', 'NO_BACKUP'],
    ],
    [
      'no disk and no store',
      input(['m1', 'm2', 'm3'].map((name) => evidence(name, EMPTY))),
      { kind: 'impossible' },
      ['NO_DISK_LEFT', 'NO_BACKUP'],
    ],
    [
      'no disk, and agents that only watch',
      input(
        ['m1', 'm2', 'm3'].map((name) => watching(evidence(name, EMPTY))),
        { store },
      ),
      { kind: 'hold' },
      ['NO_DISK_LEFT', 'NO_AGENT_TO_SEED'],
    ],
    [
      'an intact disk that only an older list has is left out, and that is said',
      input(
        [
          evidence('m1', disk('m1')),
          evidence('m2', disk('m2', 3n, 200n), { list: { ...LIST, raftIndex: 50n } }),
          evidence('m3', EMPTY),
        ].map((one) => (one.member === 'm2' ? one : { ...one, list: REPLACED })),
      ),
      { kind: 'seed-from-member', seed: 'm1' },
      ['NEWEST_LOG', 'LISTS_DIFFER'],
    ],
    [
      'a corrupt disk is none',
      input([
        evidence('m1', { state: 'corrupt', part: 'wal', problem: 'CRC' }),
        evidence('m2', EMPTY),
        evidence('m3', disk('m3')),
      ]),
      { kind: 'seed-from-member', seed: 'm3' },
      ['NEWEST_LOG'],
    ],
    [
      'a disk that cannot be looked at says nothing',
      input([
        evidence('m1', { state: 'unreadable', problem: 'EIO' }),
        evidence('m2', EMPTY),
        evidence('m3', disk('m3')),
      ]),
      { kind: 'hold' },
      ['DISK_UNREADABLE'],
    ],
    [
      'an empty dir beside an etcd that runs says nothing: its data are elsewhere',
      input(
        ['m1', 'm2', 'm3'].map((name) => running(evidence(name, EMPTY, { quorum: 'unknown' }))),
        { store },
      ),
      { kind: 'hold' },
      ['DISK_UNREADABLE', 'DISK_UNREADABLE', 'DISK_UNREADABLE'],
    ],
    [
      'disks of two clusters',
      input([evidence('m1', disk('m1')), evidence('m2', disk('m2', 9n, 9n, 'c2')), evidence('m3', EMPTY)]),
      { kind: 'hold' },
      ['CLUSTERS_DIFFER'],
    ],
    [
      'two agents with the data of one member, which are no majority',
      input([evidence('m1', disk('m1')), evidence('m2', disk('m1')), evidence('m3', EMPTY)]),
      { kind: 'hold' },
      ['IDENTITY_CLONED'],
    ],
    [
      'a member called lost that answers with its disk',
      input([evidence('m1', disk('m1')), evidence('m2', EMPTY), evidence('m3', EMPTY)], { lost: ['m1'] }),
      { kind: 'hold' },
      ['LOST_MEMBER_ANSWERS'],
    ],
    [
      'a name that nobody knows',
      input([evidence('m1', disk('m1')), evidence('m2', EMPTY), evidence('m3', EMPTY)], { lost: ['m9'] }),
      { kind: 'hold' },
      ['LOST_MEMBER_UNKNOWN'],
    ],
  ])('%s', (_, asked, plan, expected) => {
    expect(recoverPlan(asked)).toMatchObject(plan);
    expect(codes(asked)).toEqual(expected);
  });

  it('begins with the log of the highest term, then the highest index, then the first name', () => {
    const five = {
      ...LIST,
      members: ['m1', 'm2', 'm3', 'm4', 'm5'].map((name, index) => ({
        id: `a${index + 1}`,
        name,
        peerUrls: [],
        isLearner: false,
      })),
    };
    const seedOf = (first: DataDirState, second: DataDirState): unknown => {
      const heard = [evidence('m1', first, { list: five }), evidence('m2', second, { list: five })];
      return recoverPlan(input(heard, { lost: ['m3'] }));
    };
    expect(seedOf(disk('m1', 3n, 900n), disk('m2', 4n, 800n))).toMatchObject({ seed: 'm2' });
    expect(seedOf(disk('m1', 4n, 801n), disk('m2', 4n, 800n))).toMatchObject({ seed: 'm1' });
    expect(seedOf(disk('m1', 4n, 800n), disk('m2', 4n, 800n))).toMatchObject({ seed: 'm1' });
  });

  it('never begins with a learner, nor with a member that the list does not have', () => {
    const members = LIST.members.map((one) => ({ ...one, isLearner: one.name === 'm3' }));
    const list = { ...LIST, members: members.filter(({ name }) => name !== 'm2') };
    const heard = [evidence('m1', EMPTY), evidence('m2', disk('m2')), evidence('m3', disk('m3'))].map((one) => ({
      ...one,
      list,
    }));
    expect(recoverPlan(input(heard, { store }))).toMatchObject({ kind: 'seed-from-store' });
  });

  it('says whose chain a store would bring back, since its name may have been that of another cluster', () => {
    const chain = { timeline: 't1', clusterId: 'beef', begunAtMs: Date.UTC(2026, 0, 1) };
    const heard = ['m1', 'm2', 'm3'].map((name) => evidence(name, EMPTY));
    const plan = recoverPlan(input(heard, { store: { ...store, chain } }));
    expect(plan.reasons.at(-1)?.message).toContain('of the cluster beef (timeline t1, begun 2026-01-01T00:00:00.000Z)');
  });

  it('holds where the agents have promised another plan', () => {
    const promise = {
      planId: 'p1',
      promisedAtMs: 0,
      steps: {},
      plan: {
        kind: 'seed-from-member' as const,
        id: 'p1',
        atMs: 0,
        seed: 'm1',
        heard: [],
        lost: [],
        bound: { revisions: 0n, basis: '' },
      },
    };
    const heard = [evidence('m1', disk('m1'), { promise }), evidence('m2', EMPTY), evidence('m3', EMPTY)];
    expect(codes(input(heard))).toEqual(['ALREADY_PROMISED']);
    // Also where the new cluster answers already, or the old disks would be a majority: it is to be carried to its end.
    const seeded = evidence('m1', disk('m1', 1n, 1n, 'c2'), { quorum: 'holds' });
    expect(codes(input([seeded, evidence('m2', EMPTY, { promise })]))).toEqual(['ALREADY_PROMISED']);
    const whole = ['m1', 'm2', 'm3'].map((name) => evidence(name, disk(name), { promise }));
    expect(recoverPlan(input(whole)).kind).toBe('hold');
  });

  it('has every reason in the docs', () => {
    const page = readFileSync(new URL('../../../docs/recovery.md', import.meta.url), 'utf8');
    expect(Object.keys(recoverReasons).filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});

describe('what may be missing', () => {
  const boundOf = (asked: RecoverInput): unknown => {
    const plan = recoverPlan(asked);
    return 'bound' in plan ? plan.bound : plan;
  };
  const others = [evidence('m2', EMPTY), evidence('m3', EMPTY)];

  it('is what may have been written since somebody last looked, where the seed has all that was seen', () => {
    // The last sighting is of 32 s ago, the loss of 30 s ago, and a revision a second was seen.
    expect(boundOf(input([evidence('m1', disk('m1')), ...others]))).toMatchObject({ revisions: 2n, seconds: 2 });
  });

  it('counts what was seen and lies beyond the log of the seed', () => {
    const behind = evidence('m1', disk('m1', 3n, 96n));
    expect(boundOf(input([behind, ...others]))).toMatchObject({ revisions: 4n, seconds: 4 });
  });

  it('ends at the last sighting that a store surely has, and not at what its newest segment says', () => {
    const behind = evidence('m1', disk('m1', 3n, 96n));
    expect(boundOf(input([behind, ...others], { store }))).toMatchObject({ revisions: 2n, seconds: 2 });
  });

  it('is not known where nobody has seen anything', () => {
    const blind = [evidence('m1', disk('m1')), ...others].map((one) => ({ ...one, sightings: [] }));
    const bound = boundOf(input(blind));
    expect(bound).toMatchObject({ revisions: 0n });
    expect(bound).not.toHaveProperty('seconds');
  });

  it('is as much as a store tells of, where no agent remembers anything', () => {
    const blind = [evidence('m1', EMPTY), ...others].map((one) => ({ ...one, sightings: [] }));
    const told = { ...store, writeRate: { perSecond: 7, overMs: 60_000 } };
    // The newest segment was begun 1 s before the loss; what was acknowledged in the 10 s before that may be late.
    expect(boundOf(input(blind, { store: told }))).toMatchObject({ revisions: 77n, seconds: 11 });
  });

  it('is not known where nobody has looked for as long as nobody looked then', () => {
    const blind = [evidence('m1', EMPTY), ...others].map((one) => ({ ...one, sightings: [] }));
    const young = { ...store, writeRate: { perSecond: 7, overMs: 3000 } };
    for (const known of [store, young]) {
      const bound = boundOf(input(blind, { store: known }));
      expect(bound).toMatchObject({ basis: expect.stringContaining('how much is missing is not known') });
      expect(bound).not.toHaveProperty('seconds');
    }
  });

  it('counts until now where those that were not heard could have made a majority', () => {
    const at = [10, 20, 30].map((quorumLostAtMs) => ({ quorumLostAtMs }));
    expect(lossAtMs(at, 2, 3, 99)).toBe(20);
    expect(lossAtMs(at.slice(0, 2), 2, 3, 99)).toBe(20);
    expect(lossAtMs(at.slice(0, 1), 2, 3, 99)).toBe(99);
    expect(lossAtMs(at.slice(0, 2), 3, 5, 99)).toBe(99);
  });
});

function running(one: RecoveryEvidence): RecoveryEvidence {
  return { ...one, own: { ...one.own, process: { state: 'running', adopted: false } } };
}

function watching(one: RecoveryEvidence): RecoveryEvidence {
  return { ...one, own: { ...one.own, kind: 'none' } };
}

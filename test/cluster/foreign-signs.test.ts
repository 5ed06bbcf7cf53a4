import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import { type ForeignInput, foreignSigns } from '../../src/cluster/foreign-signs.ts';
import { entry, member, observed, slot } from '../decide/states.ts';

const input = (more: Partial<ForeignInput> = {}): ForeignInput => ({
  members: [member(1), member(2), member(3)],
  membersStableSeconds: 9999,
  armed: { atMs: 0, epoch: 1n, members: ['1', '2', '3'] },
  marks: [],
  hands: [],
  ...more,
});

const compacting = (retention: string, mode?: string) => ({
  observed: observed({
    settings: {
      'auto-compaction-retention': retention,
      ...(mode === undefined ? {} : { 'auto-compaction-mode': mode }),
    },
  }),
});

const besideUpgrades = 'nospace,replace,join,leave,member-update,restart,compaction,defrag,move-leader,hash-check';
const all = besideUpgrades.replace('replace', 'replace,release').replace('restart', 'restart,upgrade,rollout');

describe('signs of somebody else who takes care of the cluster', () => {
  it.each<[string, ForeignInput, string]>([
    ['none in a cluster that is ours', input(), ''],
    [
      'auto-compaction at one member',
      input({ members: [member(1), member(2, compacting('1h'))] }),
      'FOREIGN_AUTO_COMPACTION compaction',
    ],
    [
      'members that run two minor versions',
      input({ members: [member(1), member(2, { version: '3.4.30' })] }),
      `FOREIGN_UPGRADE ${besideUpgrades}`,
    ],
    [
      'not members that run two patches of one',
      input({ members: [member(1), member(2, { version: '3.5.9' }), member(3)] }),
      '',
    ],
    [
      'not members whose version nobody knows',
      input({ members: [member(1), member(2, { version: 'x' }), member(3)] }),
      '',
    ],
    [
      'a new member',
      input({ armed: { atMs: 0, epoch: 1n, members: ['1', '2'] }, membersStableSeconds: 1799 }),
      `FOREIGN_MEMBER_CHANGE ${all}`,
    ],
    [
      'a member that is gone',
      input({ armed: { atMs: 0, epoch: 1n, members: ['1', '2', '3', '4'] }, membersStableSeconds: 0 }),
      `FOREIGN_MEMBER_CHANGE ${all}`,
    ],
    [
      'no longer after half an hour',
      input({ armed: { atMs: 0, epoch: 1n, members: ['1', '2'] }, membersStableSeconds: 1800 }),
      '',
    ],
    ['not a list that the agents have only just begun to watch', input({ membersStableSeconds: 0 }), ''],
    [
      'not what the agents have changed themselves, in operations that have ended or in the slot',
      input({
        armed: { atMs: 0, epoch: 1n, members: ['1', '2', '4', '5'] },
        membersStableSeconds: 0,
        history: [entry('replace', { steps: [{ name: 'remove-member', memberId: '4', atMs: 0 }] })],
        slot: slot('replace', {
          steps: [
            { name: 'learner-listed', memberId: '3', atMs: 0 },
            { name: 'remove-member', memberId: '5', atMs: 0 },
          ],
        }),
      }),
      '',
    ],
    [
      'not a learner that they have just listed, and whose id is not written down',
      input({
        members: [member(1), member(2), member(3), member(4, { name: '4', isLearner: true })],
        membersStableSeconds: 0,
        history: [entry('join', { steps: [{ name: 'add-learner', detail: 'http://127.0.0.1:41', atMs: 0 }] })],
      }),
      '',
    ],
    ['not before arming', input({ armed: undefined, membersStableSeconds: 0 }), ''],
    [
      'the mark of an operator',
      input({ marks: ['/registry/operator.etcd.io/etcdclusters/ns/a'] }),
      'FOREIGN_OPERATOR defrag',
    ],
    [
      'what was seen to be done',
      input({ hands: [{ code: 'FOREIGN_DEFRAG', message: 'x', policies: ['defrag'] }] }),
      'FOREIGN_DEFRAG defrag',
    ],
  ])('%s', (_name, given, expected) => {
    expect(
      foreignSigns(given)
        .map(({ code, policies }) => `${code} ${policies.join()}`)
        .join('; '),
    ).toBe(expected);
  });

  it('say what was seen', () => {
    const armed = { atMs: 0, epoch: 1n, members: ['1', '2', '4'] };
    expect(foreignSigns(input({ armed, membersStableSeconds: 600 }))[0]?.message).toBe(
      'somebody else changes the member list (m3 is new, 4 is gone); it has to be the same for another 20 min',
    );
    expect(
      foreignSigns(input({ members: [member(1, compacting('5', 'revision'))], armed: undefined }))[0]?.message,
    ).toBe('etcd compacts by itself: auto-compaction is on at m1 (revision 5)');
  });
});

describe('members that run two minor versions', () => {
  const reasons = ['3 of 3 pods of m are not of its newest template (m-new), which has etcd 3.5.30 instead of 3.4.40'];
  const rolled = (more: Partial<HistoryEntry> = {}): HistoryEntry =>
    entry('rollout', {
      ...{ outcome: 'stopped', code: 'NOT_SETTLED', targets: ['3', '2', '1'], reasons },
      steps: [{ name: 'roll-pod', memberId: '3', atMs: 0 }],
      ...more,
    });
  const half = [member(1, { version: '3.4.40' }), member(2, { version: '3.4.40' }), member(3)];
  const upgraded = entry('upgrade', {
    ...{ outcome: 'failed', targets: ['1', '2', '3'] },
    reasons: ['alice asked for it', '3 of 3 voters are to run 3.5.30 instead of 3.4.40'],
    steps: [{ name: 'switch-version', memberId: '3', atMs: 0 }],
  });
  const takenIn = entry('replace', { steps: [{ name: 'learner-listed', memberId: '4', atMs: 0 }] });

  it.each<[string, Partial<ForeignInput>, boolean]>([
    ['are ours after a rollout that stopped half way', { history: [rolled()] }, false],
    ['are ours after an upgrade that failed half way', { history: [upgraded] }, false],
    ['are ours while it is under way', { slot: slot('rollout', { ...rolled() }) }, false],
    ['are ours once its partition is raised again', { history: [entry('rollout', { targets: [] }), rolled()] }, false],
    [
      'are ours with one that was taken in since',
      { history: [takenIn, rolled()], members: [...half.slice(1), member(4)] },
      false,
    ],
    [
      'are ours on the way back',
      {
        history: [
          rolled({
            reasons: ['(m-old), which has etcd 3.4.40 instead of 3.5.30'],
            steps: [1, 2].map((n) => ({ name: 'roll-pod', memberId: `${n}`, atMs: 0 })),
          }),
        ],
      },
      false,
    ],
    ['are not ours without any', {}, true],
    ['are not ours where it did not come to that member', { history: [rolled({ steps: [] })] }, true],
    [
      'are not ours where it was to bring it to another version',
      { history: [rolled({ reasons: ['(m-new), which has etcd 3.5.3 instead of 3.4.40'] })] },
      true,
    ],
    [
      'are not ours where it did not change the version',
      { history: [rolled({ reasons: ['3 of 3 pods of m are not of its newest template (m-new)'] })] },
      true,
    ],
    [
      'are not ours where another one has succeeded since',
      { history: [rolled({ outcome: 'succeeded' }), rolled()] },
      true,
    ],
    ['are not ours where it was refused', { history: [rolled({ outcome: 'refused' })] }, true],
    [
      'are not ours where another member runs the newer one too',
      { history: [rolled()], members: [...half.slice(1), member(1)] },
      true,
    ],
  ])('%s', (_, more, isForeign) => {
    const signs = foreignSigns(input({ members: half, armed: undefined, ...more }));
    expect(signs.map(({ code }) => code)).toEqual(isForeign ? ['FOREIGN_UPGRADE'] : []);
  });
});

describe("etcd's own auto-compaction", () => {
  it.each<[string, boolean]>([
    ['0', false],
    ['', false],
    ['0h', false],
    ['0s', false],
    ['0m0s', false],
    ['0.0h', false],
    ['1', true],
    ['5m', true],
    ['0h30m', true],
    ['0.5h', true],
    ['10000', true],
    ['soon', true],
  ])('with a retention of "%s" is on: %s', (retention, on) => {
    expect(foreignSigns(input({ members: [member(1, compacting(retention))], armed: undefined }))).toHaveLength(
      on ? 1 : 0,
    );
  });
});

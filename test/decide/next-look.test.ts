import { expect, test } from 'vitest';
import type { MemberState } from '../../src/cluster/state.ts';
import { nextLookMs } from '../../src/decide/next-look.ts';
import { member, settings, state } from './states.ts';

const replaceAfter10s = { ...settings, heal: { ...settings.heal, replaceAfterMs: 10_000 } };
const silent = (n: number, seconds: number, more: Partial<MemberState> = {}): MemberState =>
  member(n, { reachable: false, healthy: false, silence: { seconds, observers: 2, silentTo: 2 }, ...more });

test.each<readonly [string, readonly MemberState[], number | undefined]>([
  ['while all answer', [], undefined],
  ['where one has been silent for a part of it', [silent(3, 4)], 6050],
  ['where nobody has said for how long', [member(3, { reachable: false, healthy: false })], 10_050],
  ['of two the one that is due first', [silent(2, 4), silent(3, 9)], 1050],
  ['for one that has long been due', [silent(3, 3600)], undefined],
  ['for a learner', [silent(3, 4, { isLearner: true })], undefined],
])('%s it is looked again when the wait is over', (_, broken, expected) => {
  const members = [1, 2, 3].map((n) => broken.find(({ id }) => id === `${n}`) ?? member(n));
  expect(nextLookMs(state(members), replaceAfter10s)).toBe(expected);
});

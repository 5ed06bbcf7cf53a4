import { describe, expect, test } from 'vitest';
import { planReply, planText, runReply, stepText } from '../../../src/cli/recover/text.ts';

const reasons = [{ code: 'NEWEST_LOG', message: 'm1 has the only disk that is left' }];

describe('a plan of recovery for a person', () => {
  test('says who begins, why, and what may be missing', () => {
    const bound = { revisions: '1200', seconds: 1.5, basis: 'as it was seen' };
    const plan = planReply('http://a', { kind: 'seed-from-member', seed: 'm1', reasons, bound });
    expect(planText(plan, ['m3'])).toBe(`The cluster begins again with the member m1.
  NEWEST_LOG: m1 has the only disk that is left
  called lost: m3
  may be missing afterwards: at most 1,200 revisions, of the last 2 s
    (as it was seen)
  nothing is done without --apply
`);
  });

  test('says that nothing is missing, that nobody knows, and who is started', () => {
    const of = (bound: object) =>
      planText(planReply('http://a', { kind: 'seed-from-store', seed: 'm1', reasons, bound }), []);
    expect(of({ revisions: '0', seconds: 0, basis: '-' })).toContain('missing afterwards: nothing\n');
    expect(of({ revisions: '0', basis: '-' })).toContain('afterwards: nobody can say how much');
    expect(of({ revisions: '7', basis: '-' })).toContain('7 revisions or more, nobody can say how many');
    const none = planReply('http://a', { kind: 'none-needed', reasons, start: ['m1', 'm2'] });
    expect(planText(none, [])).toContain('to start: m1, m2');
  });

  test('is refused where it is none', () => {
    expect(() => planReply('http://a', { kind: 'other' })).toThrow('The agent at http://a answers in other words.');
  });
});

test('a step is a line, with what came of it', () => {
  const { progress } = runReply('http://a', {
    member: 'm1',
    run: {
      planId: 'plan-0001',
      outcome: 'running',
      progress: [{ member: 'm1', step: 'seed', state: 'done', detail: 'to revision 9' }],
    },
  });
  expect(progress.map(stepText)).toEqual(['m1           seed        done: to revision 9']);
});

import { expect, test } from 'vitest';
import { operationWish } from '../../src/expose/wishes.ts';
import { fullCaretaking } from './support/full-caretaking.ts';
import { fullObservation } from './support/full-observation.ts';

const [agent] = fullCaretaking.agents;
const agents =
  agent === undefined
    ? []
    : [{ ...agent, memberId: 'candidate:m9', member: 'm9', candidate: { peerUrls: ['http://m9:2380'] } }];
const observation = { ...fullObservation, caretaking: { ...fullCaretaking, agents } };

test('a member that waits to be taken in can be named, though it is in no list', () => {
  expect(operationWish({ operation: 'join', member: 'm9' }, 'token', observation)).toMatchObject({ member: 'm9' });
  expect(operationWish({ operation: 'join', member: 'candidate:m9' }, 'token', observation).operation).toBe('join');
  expect(() => operationWish({ operation: 'join', member: 'm8' }, 'token', observation)).toThrow(/Allowed: .*, m9\./);
});

test('an upgrade takes a version, and nothing else does', () => {
  expect(operationWish({ operation: 'upgrade', to: '3.5.30' }, 'token', observation)).toMatchObject({ to: '3.5.30' });
  expect(() => operationWish({ operation: 'upgrade' }, 'token', observation)).toThrow(/`--to`/);
  expect(() => operationWish({ operation: 'upgrade', to: '3.5' }, 'token', observation)).toThrow(/three numbers/);
  expect(() => operationWish({ operation: 'defrag', to: '3.5.30' }, 'token', observation)).toThrow(/takes none/);
});

test('to replace or to leave takes a member, and which ones there are is said', () => {
  for (const operation of ['replace', 'leave']) {
    expect(() => operationWish({ operation }, 'token', observation)).toThrow(
      /in "member" \(`--member`\)\. Allowed: .*m1, m2/,
    );
  }
});

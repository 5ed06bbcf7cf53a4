import { expect, test } from 'vitest';
import type { AgentPlace } from '../../src/cluster/caretaking.ts';
import { placesToWrite } from '../../src/journal/places.ts';
import { encodePlaces, parsePlaces } from '../../src/journal/records/places.ts';
import { agentRecord } from '../lead/real-agent.ts';

const url = (memberId: string): string => `https://${memberId}:9379`;
const agent = (memberId: string) => ({ ...agentRecord(memberId), url: url(memberId) });
const place = (memberId: string): AgentPlace => ({
  memberId,
  member: agentRecord(memberId).member,
  url: url(memberId),
});

test.each<[string, Parameters<typeof placesToWrite>[0], readonly AgentPlace[] | undefined]>([
  ['the first agents are written down', { agents: [agent('a'), agent('b')], places: [] }, [place('a'), place('b')]],
  [
    'nothing is written where it stands there already',
    { agents: [agent('b')], places: [place('b'), place('a')] },
    undefined,
  ],
  [
    'an agent that is not registered now stays',
    { agents: [agent('a')], places: [place('b')] },
    [place('a'), place('b')],
  ],
  [
    'a new URL takes the place of the old one',
    { agents: [{ ...agent('a'), url: 'https://new:9379' }], places: [place('a')] },
    [{ ...place('a'), url: 'https://new:9379' }],
  ],
  ['a member that has left goes', { agents: [], places: [place('a'), place('gone')] }, [place('a')]],
  ['an agent without a URL has no place', { agents: [agentRecord('a')], places: [] }, undefined],
])('%s', (_, snapshot, expected) => {
  expect(placesToWrite(snapshot, ['a', 'b'])).toEqual(expected);
});

test('places are read as they were written', () => {
  expect(parsePlaces(encodePlaces([place('a')]))).toEqual({ kind: 'record', record: [place('a')] });
  expect(parsePlaces(Buffer.from('{}')).kind).not.toBe('record');
});

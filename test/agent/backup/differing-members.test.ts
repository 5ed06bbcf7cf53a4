import { expect, it } from 'vitest';
import { differingMembers } from '../../../src/agent/backup/differing-members.ts';
import type { CaretakingView } from '../../../src/cluster/caretaking-view.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import type { ClusterSection } from '../../../src/cluster/sections.ts';
import { entry } from '../../decide/states.ts';

type Seen = Pick<Observation, 'sections' | 'caretaking'>;

const seen = (history: CaretakingView['history']): Seen => {
  const members = ['1', '2', '3'].map((id) => ({ id }));
  const value = { members } as unknown as ClusterSection;
  return {
    sections: { cluster: { observedAtMs: 0, durationMs: 0, value } },
    caretaking: { history } as unknown as CaretakingView,
  } as unknown as Seen;
};
const named = { hashMismatch: 1, members: 3, 'hashDiffers.3': 1 };

it('members that the newest hash check names are known, in whichever order the history comes', () => {
  const older = { ...entry('hash-check', { figures: { hashMismatch: 0, members: 3 } }), revision: 5n };
  const newer = { ...entry('hash-check', { figures: named }), revision: 9n };
  expect([...differingMembers(seen([older, newer]))]).toEqual(['3']);
  expect([...differingMembers(seen([{ ...newer, revision: 4n }, older]))]).toEqual([]);
});

it('nobody is named before anything is known', () => {
  expect(differingMembers({ sections: {} }).size).toBe(0);
});

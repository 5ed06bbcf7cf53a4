import { describe, expect, it } from 'vitest';
import { becomeOf } from '../../../src/ui/under-way/becomes.ts';
import { situations } from '../support/fixture-situations.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const healthy = situations['healthy']?.parts(now) ?? {};
const underWay = situations['under-way']?.parts(now) ?? {};

describe('what becomes of a request', () => {
  it.each([
    ['that has ended', 'op-2', 'drill', healthy, ['good', 'succeeded. revision 879990 restored']],
    ['that was stopped', 'op-1', 'defrag', healthy, ['bad', 'stopped. m2 fell behind']],
    ['that is under way', 'op-9', 'defrag', underWay, ['busy', 'under way']],
    ['behind another one', 'r9', 'compaction', underWay, ['pause', 'waits until defrag is over']],
    ['that a policy holds', 'r1', 'snapshot', healthy, ['pause', 'held: the next full snapshot is due']],
    ['of which nobody says anything', 'r1', 'upgrade', healthy, ['pause', 'has not begun yet']],
    ['where the operations are not known', 'r1', 'drill', {}, ['unknown', 'not known now']],
  ] as const)('%s is said', (_, id, operation, parts, [icon, words]) => {
    const [shown, text] = becomeOf({ id, operation }, parts);
    expect(shown).toBe(icon);
    expect(text).toContain(words);
  });
});

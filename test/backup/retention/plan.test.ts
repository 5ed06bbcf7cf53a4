import { describe, expect, test } from 'vitest';
import { type JudgedObject, planRetention, type RetentionPlan } from '../../../src/backup/retention/plan.ts';
import type { RetentionPolicy } from '../../../src/backup/retention/policy.ts';
import { DAY_MS, full, HOUR_MS, hourly, kept, marks, NO_MARKS, NOTHING, NOW_MS, segment } from './timeline.ts';

const USUAL: RetentionPolicy = { keepAllMs: 2 * DAY_MS, hourly: 0, daily: 14, weekly: 8, monthly: 12 };

function find({ objects }: RetentionPlan, part: string): JudgedObject | undefined {
  return objects.find(({ key }) => key.includes(part));
}

describe('what the policy keeps', () => {
  test('all of the last hours', () => {
    const plan = planRetention(hourly(10), marks(['c9']), { ...NOTHING, keepAllMs: 3 * HOUR_MS }, NOW_MS);
    expect(kept(plan)).toEqual(['c6', 'c7', 'c8', 'c9']);
  });

  test('the newest of each hour, day, week and month, so many of each', () => {
    const objects = Array.from({ length: 100 }, (_, i) => full(`d${i}`, i + 1, NOW_MS - (99 - i) * DAY_MS)).flat();
    const verified = marks(['d99']);
    expect(kept(planRetention(objects, verified, { ...NOTHING, daily: 3 }, NOW_MS))).toEqual(['d97', 'd98', 'd99']);
    // Sundays: the 11th and the 4th of January.
    expect(kept(planRetention(objects, verified, { ...NOTHING, weekly: 3 }, NOW_MS))).toEqual(['d88', 'd95', 'd99']);
    // The 31st of December and the 30th of November.
    expect(kept(planRetention(objects, verified, { ...NOTHING, monthly: 3 }, NOW_MS))).toEqual(['d53', 'd84', 'd99']);
    const plan = planRetention(objects, verified, USUAL, NOW_MS);
    expect(new Set(plan.objects.map(({ reason }) => reason))).toEqual(
      new Set(['newest', 'recent', 'daily', 'weekly', 'monthly', 'no longer needed']),
    );
  });

  test('a chain stays or goes with all that leads on to the next one', () => {
    const plan = planRetention(hourly(5), marks(['c4']), { ...NOTHING, hourly: 2 }, NOW_MS);
    expect(kept(plan)).toEqual(['c3', 'c4']);
    const keys = plan.objects.filter(({ keep }) => keep).map(({ key }) => key);
    expect(keys).toHaveLength(8);
    expect(plan.objects.filter(({ chain }) => chain === 'c2').map(({ keep }) => keep)).toEqual(Array(4).fill(false));
  });

  test('a segment that reaches over a full snapshot goes only with both', () => {
    const objects = [
      ...full('a', 100, NOW_MS - 3 * HOUR_MS),
      segment(101, 250, NOW_MS - 2 * HOUR_MS),
      ...full('b', 200, NOW_MS - 2 * HOUR_MS),
      ...full('c', 300, NOW_MS),
    ];
    const held = planRetention(objects, marks(['c'], ['a']), NOTHING, NOW_MS);
    expect(find(held, 'delta/')).toMatchObject({ keep: true, chain: 'a' });
    const other = planRetention(objects, marks(['c'], ['b']), NOTHING, NOW_MS);
    expect(find(other, 'delta/')).toMatchObject({ keep: true, chain: 'b' });
    expect(find(planRetention(objects, marks(['c']), NOTHING, NOW_MS), 'delta/')).toMatchObject({ keep: false });
  });

  test('the oldest chains beyond the total size go, and it is said when that does not suffice', () => {
    const policy = { ...NOTHING, keepAllMs: 100 * DAY_MS, maxBytes: 3 * 121 };
    const plan = planRetention(hourly(10), marks(['c9']), policy, NOW_MS);
    expect(kept(plan)).toEqual(['c7', 'c8', 'c9']);
    expect(plan).toMatchObject({ keptBytes: 3 * 121, removedBytes: 7 * 121, overBytes: 0 });
    expect(find(plan, '-c0.json')).toMatchObject({ keep: false, reason: 'total size' });
    const tight = planRetention(hourly(10), marks(['c8'], ['c0']), { ...policy, maxBytes: 150 }, NOW_MS);
    expect(kept(tight)).toEqual(['c0', 'c8', 'c9']);
    expect(tight.overBytes).toBe(3 * 121 - 150);
  });
});

describe('what stays whatever the policy says', () => {
  test('the newest verified chain, and everything that follows it', () => {
    const plan = planRetention(hourly(10), marks(['c2', 'c5']), NOTHING, NOW_MS);
    expect(kept(plan)).toEqual(['c5', 'c9']);
    expect(find(plan, '-c5.json')).toMatchObject({ reason: 'newest verified' });
    const segments = plan.objects.filter(({ key, keep }) => keep && key.startsWith('delta/'));
    expect(segments).toHaveLength(10);
    expect(segments.map(({ reason }) => reason)).toContain('follows the newest verified');
  });

  test('a chain that is damaged takes no place of an older one, nor that of the newest verified, and stays itself', () => {
    const objects = Array.from({ length: 6 }, (_, i) => full(`d${i}`, i + 1, NOW_MS - (5 - i) * 3 * HOUR_MS)).flat();
    const daily = { ...NOTHING, daily: 1 };
    const before = planRetention(objects, marks(['d1', 'd3']), daily, NOW_MS);
    expect(kept(before)).toEqual(['d3', 'd5']);
    const plan = planRetention(objects, marks(['d1'], [], ['d3', 'd5']), daily, NOW_MS);
    // d4 is the newest of its day that may be whole.
    expect(kept(plan)).toEqual(['d1', 'd4', 'd5']);
    const hourlies = { ...NOTHING, hourly: 3 };
    expect(kept(planRetention(objects, marks(['d5'], [], ['d4']), hourlies, NOW_MS))).toEqual(['d2', 'd3', 'd4', 'd5']);
    expect(find(planRetention(objects, marks(['d5'], [], ['d4']), hourlies, NOW_MS), '-d4.json')?.reason).toBe(
      'broken',
    );
    expect(kept(planRetention(objects, marks([], [], ['d4', 'd5']), NOTHING, NOW_MS))).toEqual([
      'd2',
      'd3',
      'd4',
      'd5',
    ]);
  });

  test('where there is too much, what is damaged goes no sooner than what is not', () => {
    const policy = { ...NOTHING, keepAllMs: 100 * DAY_MS, maxBytes: 3 * 121 };
    expect(kept(planRetention(hourly(5), marks(['c4'], [], ['c2', 'c3']), policy, NOW_MS))).toEqual(['c2', 'c3', 'c4']);
  });

  test('the two newest where none is verified', () => {
    expect(kept(planRetention(hourly(10), NO_MARKS, NOTHING, NOW_MS))).toEqual(['c8', 'c9']);
  });

  test('what is held', () => {
    const plan = planRetention(hourly(10), marks(['c9'], ['c1']), NOTHING, NOW_MS);
    expect(kept(plan)).toEqual(['c1', 'c9']);
    expect(
      plan.objects.filter(({ chain }) => chain === 'c1').every(({ keep, reason }) => keep && reason === 'held'),
    ).toBe(true);
  });

  test('everything recent against the newest chain: backups that have stopped do not grow old', () => {
    const policy = { ...NOTHING, keepAllMs: 5 * HOUR_MS };
    const laterMs = NOW_MS + 1000 * DAY_MS;
    expect(kept(planRetention(hourly(10), marks(['c9']), policy, laterMs))).toEqual(
      kept(planRetention(hourly(10), marks(['c9']), policy, NOW_MS)),
    );
  });

  test('a full snapshot named by a clock that was ahead makes the others no older', () => {
    const [manifest, snapshot] = full('ahead', 2000, NOW_MS + 400 * DAY_MS);
    if (manifest === undefined || snapshot === undefined) throw new Error('there are two');
    const byStore = [manifest, snapshot].map((object) => ({ ...object, modifiedAtMs: NOW_MS }));
    const plan = planRetention(
      [...hourly(10), ...byStore],
      marks(['c9']),
      { ...NOTHING, keepAllMs: 5 * HOUR_MS },
      NOW_MS + 500 * DAY_MS,
    );
    expect(kept(plan)).toEqual(['c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'ahead']);
  });
});

describe('what is of no chain', () => {
  const laterMs = NOW_MS + 2 * DAY_MS;
  const newer = full('newer', 5000, laterMs);

  test('a snapshot without a manifest stays while it may be under way, then goes', () => {
    const [, snapshot] = full('lost', 50, NOW_MS);
    if (snapshot === undefined) throw new Error('there is one');
    const before = planRetention([...hourly(3), snapshot], NO_MARKS, USUAL, laterMs);
    expect(find(before, '-lost.')).toMatchObject({ keep: true, reason: 'perhaps under way' });
    const after = planRetention([...hourly(3), snapshot, ...newer], NO_MARKS, USUAL, laterMs);
    expect(find(after, '-lost.')).toMatchObject({ keep: false, reason: 'without a manifest' });
  });

  test('a manifest without its snapshot takes no place of a chain', () => {
    const [manifest] = full('hollow', 1100, NOW_MS);
    if (manifest === undefined) throw new Error('there is one');
    const plan = planRetention([...hourly(10), manifest], marks(['c9']), { ...NOTHING, hourly: 1 }, NOW_MS);
    expect(kept(plan)).toEqual(['c9', 'hollow']);
    expect(find(plan, '-hollow.')).toMatchObject({ reason: 'its snapshot is missing' });
  });

  test('segments before the first full snapshot stay until there is one and a day has gone by', () => {
    const early = segment(1, 50, NOW_MS - 1);
    expect(find(planRetention([early], NO_MARKS, NOTHING, laterMs), 'delta/')).toMatchObject({ keep: true });
    const young = planRetention([early, ...full('a', 60, NOW_MS)], NO_MARKS, NOTHING, laterMs);
    expect(find(young, 'delta/')).toMatchObject({ keep: true, reason: 'perhaps under way' });
    const old = planRetention([early, ...full('a', 60, NOW_MS), ...newer], NO_MARKS, NOTHING, laterMs);
    expect(find(old, 'delta/')).toMatchObject({ keep: false, reason: 'no full snapshot before it' });
  });

  test('what nobody knows stays, and a mark goes with its chain', () => {
    const others = ['claim.json', 'full/notes.txt', 'verified/c0.json', 'verified/c2.json', 'holds/gone.json'];
    const objects = others.map((key) => ({ key, bytes: 1, modifiedAtMs: NOW_MS }));
    const plan = planRetention([...hourly(3), ...objects], marks(['c2']), NOTHING, NOW_MS);
    expect(others.map((key) => find(plan, key)?.keep)).toEqual([true, true, false, true, true]);
  });
});

import { describe, expect, it } from 'vitest';
import { restoreCommand } from '../../../src/ui/backups/restore-command.ts';
import { aboutPoint, boundsOf, placeOf } from '../../../src/ui/backups/timeline.ts';
import { fixturePoints } from '../support/fixture-situations.ts';

const now = Date.parse('2026-01-04T12:00:00.500Z');
const HOUR = 3_600_000;

describe('the command that restores', () => {
  const command = "etcd-caretaker restore --config a.yaml --to-time '{time}' --data-dir D";

  it('has the time, in UTC', () => {
    expect(restoreCommand(command, { kind: 'time', atMs: now })).toContain(
      "--to-time '2026-01-04T12:00:00Z' --data-dir D",
    );
  });

  it('has the option for the newest point, or for a revision, in the place of that for a time', () => {
    const start = 'etcd-caretaker restore --config a.yaml';
    expect(restoreCommand(command, { kind: 'latest' })).toBe(`${start} --to latest --data-dir D`);
    expect(restoreCommand(command.replaceAll("'", ''), { kind: 'revision', revision: '42' })).toBe(
      `${start} --to-revision 42 --data-dir D`,
    );
  });
});

describe('the timeline of a store', () => {
  const [points] = fixturePoints(now).stores;
  if (points === undefined) throw new Error('the fixture has no store');
  const bounds = boundsOf(points) ?? { fromMs: 0, toMs: 0 };

  it('reaches from the first point that can be restored to the last one', () => {
    expect(bounds).toEqual({ fromMs: now - 72 * HOUR, toMs: now - 600 });
    expect(boundsOf({ ...points, fulls: [], stretches: [] })).toBeUndefined();
    expect([now - 99 * HOUR, now - 36 * HOUR, now].map((at) => Math.round(placeOf(at, bounds)))).toEqual([0, 50, 100]);
  });

  it('says what a point is, and what lies before and after it', () => {
    const within = aboutPoint(points, { kind: 'time', atMs: now - 3 * HOUR }, bounds, now);
    expect(within[0]).toContain('revisions 780000 to 918440');
    expect(within[1]).toBe('The full snapshot of revision 900100 is 1 h older.');
    expect(within[2]).toContain('3 h ago, would not be in it');
    const gap = aboutPoint(points, { kind: 'time', atMs: now - 30 * HOUR }, bounds, now);
    expect(gap[0]).toContain('In a gap');
    expect(gap[2]).toContain('The next stretch begins at 2026-01-03 12:00:00 UTC');
  });

  it.each([
    ['800000', 'Within an unbroken stretch'],
    ['690000', 'Within an unbroken stretch'],
    ['760000', 'not in the store'],
    ['x', 'a whole number'],
  ])('says whether the revision %s is in it', (revision, expected) => {
    expect(aboutPoint(points, { kind: 'revision', revision }, bounds, now)[0]).toContain(expected);
  });
});

import { describe, expect, test } from 'vitest';
import { faultsNamed } from './catalogue.ts';
import { healRun } from './heal-run.ts';

/** Some of what `npm run chaos -- --seed S --for 10m` does. */

describe('a cluster that agents tend is well again, and nothing that was acknowledged is lost', () => {
  test.each<[string, number, readonly string[]]>([
    [
      'after a cut link, and a death of the leading agent while it replaces a member',
      5,
      ['partition', 'leader-at-step'],
    ],
    ['after bits have changed in a WAL, and after everything was killed', 3, ['flip-wal', 'kill-all']],
  ])('%s', { timeout: 400_000 }, async (_, seed, names) => {
    const { problems, results, acknowledged } = await healRun({
      ...{ seed, members: 3, version: '3.5', forMs: 0, each: true, patienceMs: 180_000 },
      faults: faultsNamed(names),
    });
    expect(problems).toEqual([]);
    expect(results.map(({ fault }) => fault)).toEqual(names);
    expect(acknowledged).toBeGreaterThan(0);
  });
});

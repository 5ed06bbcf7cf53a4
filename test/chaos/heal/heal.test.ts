import { expect, test } from 'vitest';
import { faultsNamed } from './catalogue.ts';
import { healRun } from './heal-run.ts';

/** A little of what `npm run chaos -- --seed S --for 10m` does; the seed is one with which faults last for short. */
test('a cut link, and a leading agent that dies while it replaces a member, cost nothing that was acknowledged', {
  timeout: 500_000,
}, async () => {
  const names = ['partition', 'leader-at-step'];
  const { problems, results, acknowledged } = await healRun({
    ...{ seed: 9098, members: 3, version: '3.5', forMs: 0, each: true, patienceMs: 180_000 },
    faults: faultsNamed(names),
  });
  expect(problems).toEqual([]);
  expect(results.map(({ fault }) => fault)).toEqual(names);
  expect(acknowledged).toBeGreaterThan(0);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertRun } from './alert-run.ts';
import { alertFaults } from './faults.ts';
import { quietRun } from './quiet-run.ts';
import { startWatchedCluster, type WatchedCluster } from './watched-cluster.ts';

/** A little of what `npm run test:alerts` does. */
const FACTOR = 20;
const QUIET_MS = 60_000;

let watched: WatchedCluster;

beforeAll(async () => {
  watched = await startWatchedCluster();
}, 500_000);
afterAll(() => watched?.close(false));

test('a minute of rolling restarts and defragmentation pages nobody', { timeout: 500_000 }, async () => {
  const { pages, restarts, defragmentations, cost } = await quietRun(watched, FACTOR, QUIET_MS);
  expect(pages).toEqual([]);
  expect(restarts).toBeGreaterThan(0);
  expect(defragmentations).toBeGreaterThan(0);
  expect(cost.seriesPerAgent).toBeLessThanOrEqual(1500);
});

test('a lost quorum reaches the webhook, what follows from it does not, and it is taken back', {
  timeout: 500_000,
}, async () => {
  const fault = alertFaults.find(({ name }) => name === 'majority-killed');
  if (fault === undefined) throw new Error('there is no such fault');
  const { inhibited, also } = await alertRun(watched, fault, FACTOR);
  expect(also.filter((alert) => inhibited.some((name) => alert.startsWith(name)))).toEqual([]);
});

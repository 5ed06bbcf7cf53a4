import { expect, test } from 'vitest';
import { alertRun } from './alert-run.ts';
import { alertFaults } from './faults.ts';
import { quietRun } from './quiet-run.ts';
import { startWatchedCluster } from './watched-cluster.ts';

/** More than by command: what Alertmanager waits for is part of the time that this takes. */
const FACTOR = 30;
const QUIET_MS = 60_000;

/** A little of what `npm run test:alerts` does. */
test('a minute of rolling restarts and defragmentation pages nobody; a lost quorum reaches the webhook, and what follows from it does not', {
  timeout: 600_000,
}, async () => {
  await using watched = await startWatchedCluster();
  await using monitoring = await watched.watch(FACTOR);
  const quiet = await quietRun(watched, monitoring, QUIET_MS);
  expect(quiet.pages).toEqual([]);
  expect(quiet.restarts).toBeGreaterThan(0);
  expect(quiet.defragmentations).toBeGreaterThan(0);
  expect(quiet.cost.seriesPerAgent).toBeLessThanOrEqual(1500);

  const fault = alertFaults.find(({ name }) => name === 'majority-killed');
  if (fault === undefined) throw new Error('there is no such fault');
  const { inhibited, alert } = await alertRun(watched, monitoring, fault);
  expect([alert, inhibited]).toEqual(['EtcdQuorumLost', ['EtcdNoLeader']]);
});

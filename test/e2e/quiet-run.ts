import { setTimeout as sleep } from 'node:timers/promises';
import { signalTo } from '../chaos/heal/process-faults.ts';
import { until } from '../chaos/waiting.ts';
import { type Cost, costOf, since } from './alert-run.ts';
import { carriedOut } from './asked.ts';
import type { Told } from './inbox.ts';
import type { Monitoring } from './monitoring.ts';
import type { WatchedCluster } from './watched-cluster.ts';

/** What a stretch of rolling restarts and defragmentations came to. */
export interface QuietResult {
  readonly seconds: number;
  readonly restarts: number;
  readonly defragmentations: number;
  readonly pages: readonly Told[];
  readonly tickets: readonly Told[];
  readonly cost: Cost;
}

/** Between two restarts: as slow as a careful person, divided. */
const BETWEEN_RESTARTS_MS = 3 * 60_000;
const BETWEEN_ROUNDS_MS = 10 * 60_000;
const WELL_WITHIN_MS = 120_000;

/** Defragments all members and restarts one after the other, again and again, for so long; then says who was told of what. */
export async function quietRun(watched: WatchedCluster, monitoring: Monitoring, forMs: number): Promise<QuietResult> {
  const { factor } = monitoring;
  const { cluster, members } = watched.ground;
  const beganMs = performance.now();
  const isOver = (): boolean => performance.now() - beganMs >= forMs;
  let [restarts, defragmentations] = [0, 0];
  while (!isOver()) {
    await carriedOut(watched.ground, 'defrag');
    defragmentations += 1;
    for (const member of members) {
      if (isOver()) break;
      const pid = member.etcdPid();
      // Its agent starts it again.
      if (pid !== undefined) signalTo(pid, 'SIGTERM');
      restarts += 1;
      await until(`${member.name} does not start again`, () =>
        isNew(member.etcdPid(), pid) ? undefined : 'it is down',
      );
      await cluster.untilWell(undefined, WELL_WITHIN_MS);
      await sleep(BETWEEN_RESTARTS_MS / factor);
    }
    await sleep(Math.max(0, Math.min(BETWEEN_ROUNDS_MS / factor, beganMs + forMs - performance.now())));
  }
  const told = since(monitoring.inbox.told, beganMs);
  return {
    seconds: (performance.now() - beganMs) / 1000,
    ...{ restarts, defragmentations },
    pages: told.filter(({ severity }) => severity === 'page'),
    tickets: told.filter(({ severity }) => severity !== 'page'),
    cost: await costOf(monitoring),
  };
}

function isNew(pid: number | undefined, former: number | undefined): boolean {
  return pid !== undefined && pid !== former;
}

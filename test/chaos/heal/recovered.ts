import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../waiting.ts';
import type { Ground } from './ground.ts';
import type { RegisterLoad } from './register-load.ts';

/**
 * Waits until everything is as before the fault: every member a voter that answers, no alarm, nothing under way, an agent that
 * leads, and writes go in. Gives the seconds. Throws what is missing still after `patienceMs`.
 */
export async function untilRecovered(
  ground: Ground,
  load: RegisterLoad,
  patienceMs: number,
  unmended: () => Promise<string | undefined> | string | undefined = () => undefined,
): Promise<number> {
  const begunMs = performance.now();
  await until('the fault is not mended', unmended, { patienceMs });
  const before = load.tally().acknowledged;
  await ground.cluster.untilWell(undefined, patienceMs);
  await until('the cluster is not well', () => notWell(ground), { patienceMs, pauseMs: 100 });
  await until('writes do not go in', () => (load.tally().acknowledged > before ? undefined : 'none was acknowledged'), {
    patienceMs,
  });
  const seconds = (performance.now() - begunMs) / 1000;
  // What is well for a moment only is not well.
  await sleep(300);
  await ground.cluster.untilWell(undefined, patienceMs);
  return seconds;
}

/** What keeps a cluster from being at rest, in words: nobody leads, something is under way, an agent does not answer or may not act yet. */
export async function notWell({
  clients,
  journal,
  members,
}: Pick<Ground, 'clients' | 'journal' | 'members'>): Promise<string | undefined> {
  const { snapshot } = journal;
  if (snapshot?.connected !== true) return 'the journal cannot be followed';
  if (snapshot.slotRevision > 0n) return `${snapshot.slot?.slot.operation} is under way: ${snapshot.slot?.slot.phase}`;
  if (snapshot.leader === undefined) return 'no agent leads';
  if (snapshot.armed === undefined) return 'the agents are not armed';
  if (snapshot.agents.length !== clients.length) return `${snapshot.agents.length} agents are registered`;
  // One that was killed a moment ago is registered still.
  const silent = await Promise.all(
    members.map(({ name, own }) =>
      own().then(
        () => [],
        () => [name],
      ),
    ),
  );
  if (silent.flat().length > 0) return `no answer from the agent of ${silent.flat().join(', ')}`;
  const alarms = await Promise.all(clients.map((client) => client.alarms()));
  const raised = alarms.flat().map(({ alarm }) => alarm);
  return raised.length === 0 ? undefined : `alarms: ${raised.join(', ')}`;
}

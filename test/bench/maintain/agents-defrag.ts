import { Agents } from './agents.ts';
import { type DefragFigures, measuredDefrag } from './measured-defrag.ts';
import { clusterWith, type MaintainRun, nothingElse } from './run.ts';

/** Part B: the agents' defragmentation, asked for through the API of one of them. */
export async function agentsDefrag(run: MaintainRun): Promise<DefragFigures> {
  await using cluster = await clusterWith(run, 'fragmented');
  // They would see by themselves that it is worth it, before the load is there: only the request is to start it.
  const set = { 'maintenance.defrag.minReclaimable': '1TiB' };
  await using agents = await Agents.start(cluster.members, { ...nothingElse, ...set, ...run.set });
  await agents.ready('defrag');
  return await measuredDefrag(run, cluster, async () => {
    await agents.run('defrag');
  });
}

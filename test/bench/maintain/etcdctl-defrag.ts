import { type DefragFigures, measuredDefrag } from './measured-defrag.ts';
import { clusterWith, type MaintainRun } from './run.ts';

/** Longer than it takes: by default etcdctl gives up on a member after 5 s, and goes on to the next while etcd is still at it. */
const commandTimeout = '30m';

/** Part A: `etcdctl defrag --cluster`, as people run it by hand. */
export async function etcdctlDefrag(run: MaintainRun): Promise<DefragFigures> {
  await using cluster = await clusterWith(run, 'fragmented');
  return await measuredDefrag(run, cluster, async () => {
    await cluster.etcdctl('defrag', '--cluster', '--command-timeout', commandTimeout);
  });
}

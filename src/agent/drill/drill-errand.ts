import { AgentError } from '../../cluster/agent-error.ts';
import type { Config } from '../../config/config.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import { journalKeys } from '../../journal/keys.ts';
import { standingTimeline } from '../../journal/timeline.ts';
import type { Errand } from '../caretaker/errands.ts';
import { drillInProcess } from './drill-process.ts';

/** What an agent does when the step `drill` of the slot names its member. */
export function drillErrand(config: Config, client: MemberClient): Errand {
  return async ({ parameters }, signal) => {
    const store = typeof parameters['store'] === 'number' ? parameters['store'] : 0;
    const { clusterId } = (await client.status(signal)).header;
    const timeline = await standingTimeline(client, journalKeys(config.cluster.keyPrefix), clusterId, signal);
    if (timeline === undefined) {
      throw new AgentError('NO_BACKUP', 'No backup of this cluster was ever begun: there is nothing to restore.', {
        remedy: 'See why the leading agent does not back up: `etcd-caretaker status` says it.',
      });
    }
    const owner = { clusterId, clusterName: config.cluster.name, timeline };
    return await drillInProcess({ config, owner, store }, signal);
  };
}

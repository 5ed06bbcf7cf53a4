import { dirname } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Config } from '../../config/config.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import { journalKeys } from '../../journal/keys.ts';
import { standingTimeline } from '../../journal/timeline.ts';
import type { Errand, ErrandResult } from '../caretaker/errands.ts';
import type { DrillPlan } from './drill-plan.ts';
import { drillInProcess } from './drill-process.ts';

/** What an agent does when the step `drill` of the slot names its member. */
export function drillErrand(config: Config, client: MemberClient): Errand {
  return ({ parameters }, signal) => {
    const store = typeof parameters['store'] === 'number' ? parameters['store'] : 0;
    return drilled(config, client, { store }, signal);
  };
}

/**
 * What it does when the step `rehearse-upgrade` names it: the same, of the first store, with the version that all are to come to.
 * @param programOf finds the etcd of a version on this machine
 */
export function rehearsalErrand(
  config: Config,
  client: MemberClient,
  programOf: (version: string, signal: AbortSignal) => Promise<string>,
): Errand {
  return async ({ parameters: { to } }, signal) => {
    const binaries = dirname(await programOf(typeof to === 'string' ? to : '', signal));
    const result = await drilled(config, client, { store: 0, binaries }, signal);
    // Nobody asks for it once more by himself: it would only take as long again.
    return result.outcome === 'failed' ? { ...result, outcome: 'stopped', code: 'REHEARSAL_FAILED' } : result;
  };
}

async function drilled(
  config: Config,
  client: MemberClient,
  plan: Pick<DrillPlan, 'store' | 'binaries'>,
  signal: AbortSignal,
): Promise<ErrandResult> {
  const { clusterId } = (await client.status(signal)).header;
  const timeline = await standingTimeline(client, journalKeys(config.cluster.keyPrefix), clusterId, signal);
  if (timeline === undefined) {
    throw new AgentError('NO_BACKUP', 'No backup of this cluster was ever begun: there is nothing to restore.', {
      remedy: 'See why the leading agent does not back up: `etcd-caretaker status` says it.',
    });
  }
  const owner = { clusterId, clusterName: config.cluster.name, timeline };
  return await drillInProcess({ config, owner, ...plan }, signal);
}

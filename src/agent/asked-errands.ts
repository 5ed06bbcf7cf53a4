import { AgentError } from '../cluster/agent-error.ts';
import type { Config } from '../config/config.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { Errand } from './caretaker/errands.ts';
import { drillErrand, rehearsalErrand } from './drill/drill-errand.ts';
import { refusingErrands } from './member/errands.ts';
import { etcdVersions } from './member/etcd-versions.ts';
import type { MemberCare } from './member/from-config.ts';

/**
 * All that this agent does when a step of the slot names its member, by the name of the step. One that backs nothing up, or starts nothing, is
 * asked too, and has to answer.
 */
export function askedErrands(
  config: Config,
  client: MemberClient,
  care: Pick<MemberCare, 'errands'> | undefined,
): Readonly<Record<string, Errand>> {
  const versions = etcdVersions(config);
  return {
    drill: drillErrand(config, client),
    'rehearse-upgrade': rehearsalErrand(config, client, (version, signal) => {
      if (versions !== undefined) return versions.programOf(version, [], signal);
      throw new AgentError('UPGRADE_NOT_HERE', 'The version of etcd is that of its image here.');
    }),
    ...(care?.errands ?? refusingErrands(config.member.name)),
  };
}

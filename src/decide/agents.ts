import type { Action, AgentRecord, Decision, OperationName, OperationVersions, Reason } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { isHealing } from './heal-limits.ts';
import { because } from './policy.ts';

/**
 * What is wrong with the agents that an action needs: one beside each of its members, and all that are registered know
 * the operation in the version of this one, since each of them may have to go on from it.
 *
 * Under NOSPACE an agent that was started again cannot register. One that answers all the same counts as present.
 */
export function agentTrouble({ policy, action }: Decision, state: ClusterState): readonly Reason[] {
  const own = ownOperations(state)?.[policy];
  const concerned = concernedIn(policy, action, state);
  const missing = concerned.filter(
    ({ agent, observed }) => agent === undefined && !(policy === 'nospace' && observed !== undefined),
  );
  const different = [...state.members, ...state.candidates].flatMap(({ agent }) =>
    agent === undefined || agent.operations[policy] === own ? [] : [agent],
  );
  return [
    ...missing.map(({ name }) => because('AGENT_MISSING', `no agent runs beside ${name}`)),
    ...(own === undefined
      ? [because('AGENT_VERSIONS_DIFFER', `which version of ${policy} the leading agent knows, is not known`)]
      : different.map((agent) => because('AGENT_VERSIONS_DIFFER', differs(agent, policy, own)))),
  ];
}

/** Who is there for what heals, its own policy has seen to: a broken member's agent may be what is missing. */
function concernedIn(
  policy: OperationName,
  action: Action | undefined,
  { members }: ClusterState,
): ClusterState['members'] {
  if (isHealing(policy)) return [];
  return policy === 'nospace' ? members : members.filter(({ id }) => action?.targets.includes(id));
}

function ownOperations({ ownOperations: own, leader, members }: ClusterState): OperationVersions | undefined {
  return (
    own ?? members.find(({ agent }) => agent?.instance === leader?.instance && agent !== undefined)?.agent?.operations
  );
}

function differs({ member, version, operations }: AgentRecord, policy: string, own: number): string {
  const theirs = operations[policy];
  const knows = theirs === undefined ? `does not know ${policy}` : `knows ${policy} in version ${theirs}`;
  return `the agent of ${member} (${version}) ${knows}, and the leading one knows version ${own}`;
}

import { AgentError } from '../../cluster/agent-error.ts';
import type { Slot } from '../../cluster/caretaking.ts';
import type { ClusterState } from '../../cluster/state.ts';

/** A revision among the slot's parameters, where it stands as decimal text. Throws `PARAMETER_WRONG`. */
export function revisionParameter({ operation, id, parameters }: Slot, name: string): bigint {
  const value = parameters[name];
  if (typeof value === 'string' && /^[1-9][0-9]{0,18}$/.test(value)) return BigInt(value);
  throw new AgentError('PARAMETER_WRONG', `${operation} (${id}) has no revision in its parameter ${name}.`, {
    remedy: 'Nothing: the policy decides anew. If it happens again, report it.',
  });
}

/** The highest compact revision that an agent has seen at its member; 0 where none is known. */
export function knownCompactRevision({ members }: ClusterState): bigint {
  return members.reduce((most, { observed }) => {
    const seen = observed?.compactRevision ?? 0n;
    return seen > most ? seen : most;
  }, 0n);
}

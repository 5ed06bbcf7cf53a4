import { AgentError } from '../../cluster/agent-error.ts';
import type { JournalValue, Slot } from '../../cluster/caretaking.ts';

/** A revision among the slot's parameters, where it stands as decimal text. Throws `PARAMETER_WRONG`. */
export function revisionParameter(slot: Slot, name: string): bigint {
  const revision = revisionIn(slot.parameters[name]);
  if (revision === undefined || revision === 0n) throw parameterWrong(slot, `has no revision in its parameter ${name}`);
  return revision;
}

/** A revision as it stands in the journal; undefined for anything else. */
export function revisionIn(value: JournalValue | undefined): bigint | undefined {
  return typeof value === 'string' && /^[0-9]{1,19}$/.test(value) ? BigInt(value) : undefined;
}

/** The error of an operation that was begun with parameters that make no sense. @param what "has no …" */
export function parameterWrong({ operation, id }: Slot, what: string): AgentError {
  return new AgentError('PARAMETER_WRONG', `${operation} (${id}) ${what}.`, {
    remedy: 'Nothing: the policy decides anew. If it happens again, report it.',
  });
}

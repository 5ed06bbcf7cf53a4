import type { Observation } from '../cluster/observation.ts';
import type { KeyspaceSection } from '../cluster/sections.ts';
import { ProblemError } from './http/problem.ts';
import { sentences } from './sentences.ts';

/** The keyspace as this agent has it. Throws a `ProblemError` where it has none. */
export function keyspaceOf({ sections }: Observation): KeyspaceSection {
  const reading = sections.keyspace;
  if (reading?.value !== undefined) {
    return reading.value;
  }
  const {
    code,
    message,
    remedy = '',
  } = reading?.fault ?? {
    code: 'KEYSPACE_NOT_OBSERVED',
    message: 'This agent does not observe the keyspace, or has not yet.',
    remedy: 'observe.collectors.keyspace switches it on.',
  };
  throw new ProblemError({ status: 503, code, detail: sentences(message, remedy) });
}

import { randomUUID } from 'node:crypto';
import type { Action, Decision, Slot } from '../../cluster/caretaking.ts';
import type { Term } from '../../journal/term.ts';
import type { Operation } from '../../operate/operation.ts';

/** The slot with which an operation begins. @param id that of the request it comes from; absent: a new one */
export function newSlot(action: Action, decision: Decision, operation: Operation, term: Term, id?: string): Slot {
  const atMs = Date.now();
  return {
    id: id ?? randomUUID(),
    operation: operation.name,
    operationVersion: operation.version,
    targets: action.targets,
    phase: 'taken',
    epoch: term.epoch,
    holder: term.holder,
    startedAtMs: atMs,
    phaseAtMs: atMs,
    reasons: decision.reasons.map(({ message }) => message),
    ...(decision.requestedBy === undefined ? {} : { requestedBy: decision.requestedBy }),
    parameters: action.parameters,
    progress: {},
    steps: [],
  };
}

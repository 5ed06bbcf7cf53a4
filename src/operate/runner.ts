import { linkedAbort } from '../abort/linked-abort.ts';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { HistoryEntry, Outcome, Slot } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { termLost } from '../journal/guarded-txn.ts';
import type { Term } from '../journal/term.ts';
import type { JournalPort } from './journal-port.ts';
import {
  type Operation,
  type OperationContext,
  type OperationResult,
  OperationStopped,
  type Step,
} from './operation.ts';

export interface RunOptions {
  readonly term: Term;
  readonly journal: JournalPort;
  readonly operation: Operation;
  readonly observe: (signal: AbortSignal) => Promise<ClusterState>;
  /** Why this agent is paused by its own file; asked before every step. The cluster's pause stands in the journal. */
  readonly localPause: () => Promise<string | undefined>;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** A step has been written down and is made now. */
  readonly onStep?: (slot: Slot) => void;
}

/**
 * After these nothing more is written: what stands in the journal is somebody else's, or will be looked at again. Spare steps
 * are no failure either when they are used up: the next spare epoch has some.
 */
const LEAVE: ReadonlySet<string> = new Set(['TERM_LOST', 'SLOT_CHANGED', 'JOURNAL_UNCERTAIN', 'SPARE_STEPS_USED_UP']);

/**
 * Carries out one operation to its end and writes it into the history; undefined where it was left to the next leader,
 * because the term or the agent ended in the middle. It never throws for what an operation does.
 */
export async function runOperation(options: RunOptions, signal: AbortSignal): Promise<HistoryEntry | undefined> {
  const { term, journal, operation, log } = options;
  const link = linkedAbort([signal, term.lost]);
  const startedMs = performance.now();
  const takenOver = journal.slot.steps.length > 0;
  try {
    const end = await ended(operation, contextOf(options, link.signal), () => link.signal.aborted || !term.held);
    if (end === undefined) {
      log('operation left to the next leader', { operation: operation.name, id: journal.slot.id });
      return undefined;
    }
    const ownMs = performance.now() - startedMs;
    // What an earlier leader took can only be told by the clocks of both.
    const tookMs = takenOver ? Math.max(ownMs, Date.now() - journal.slot.startedAtMs) : ownMs;
    const entry = entryOf(journal, end, tookMs / 1000);
    await journal.finish(entry, link.signal);
    return entry;
  } catch (error) {
    log('operation could not be closed', { operation: operation.name, id: journal.slot.id, ...faultOf(error) });
    return undefined;
  } finally {
    link.release();
  }
}

interface End extends Omit<OperationResult, 'outcome'> {
  readonly outcome: Outcome;
}

async function ended(operation: Operation, context: OperationContext, over: () => boolean): Promise<End | undefined> {
  try {
    return await operation.run(context);
  } catch (error) {
    const { code, message } = faultOf(error);
    if (over() || LEAVE.has(code)) return undefined;
    if (error instanceof OperationStopped) {
      return { outcome: 'stopped', code, summary: `It stopped because ${message}.` };
    }
    return { outcome: code === 'PAUSED' ? 'stopped' : 'failed', code, summary: message };
  }
}

function entryOf({ slot, revision }: JournalPort, end: End, seconds: number): HistoryEntry {
  return {
    revision,
    id: slot.id,
    operation: slot.operation,
    outcome: end.outcome,
    epoch: slot.epoch,
    holder: slot.holder,
    targets: slot.targets,
    startedAtMs: slot.startedAtMs,
    endedAtMs: Date.now(),
    seconds,
    reasons: slot.reasons,
    summary: end.summary,
    ...(end.code === undefined ? {} : { code: end.code }),
    ...(slot.requestedBy === undefined ? {} : { requestedBy: slot.requestedBy }),
    steps: slot.steps,
    figures: end.figures ?? {},
  };
}

function contextOf(options: RunOptions, signal: AbortSignal): OperationContext {
  const { term, journal, log } = options;
  const mayGoOn = (): void => {
    signal.throwIfAborted();
    if (!term.held) throw termLost(term);
  };
  return {
    get slot() {
      return journal.slot;
    },
    signal,
    step: async (step, effect) => {
      mayGoOn();
      const paused = await options.localPause();
      if (paused !== undefined) {
        throw new AgentError('PAUSED', `${journal.slot.operation} stops before the step ${step.name}: ${paused}`, {
          remedy: 'Say resume --local beside this agent when it may go on.',
        });
      }
      await journal.advance(withStep(journal.slot, step), { unlessPaused: true }, signal);
      const { name, memberId, detail } = step;
      log('step', { operation: journal.slot.operation, id: journal.slot.id, step: name, memberId, detail });
      options.onStep?.(journal.slot);
      await step.ready?.();
      // Nothing may come between this and the call: whoever was stopped meanwhile must not go on as if nothing had been.
      mayGoOn();
      return await effect({ signal, check: mayGoOn });
    },
    note: async (progress) => {
      mayGoOn();
      await journal.note({ ...journal.slot, progress: { ...journal.slot.progress, ...progress } }, signal);
    },
    observe: () => options.observe(signal),
    log,
  };
}

function withStep(slot: Slot, { name, memberId, detail, progress }: Step): Slot {
  const atMs = Date.now();
  const step = {
    name,
    ...(memberId === undefined ? {} : { memberId }),
    atMs,
    ...(detail === undefined ? {} : { detail }),
  };
  return {
    ...slot,
    phase: name,
    phaseAtMs: atMs,
    progress: { ...slot.progress, ...progress },
    steps: [...slot.steps, step],
  };
}

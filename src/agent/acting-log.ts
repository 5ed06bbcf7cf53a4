import { faultOf } from '../cluster/agent-error.ts';
import type { Decision } from '../cluster/caretaking.ts';
import type { Log } from '../expose/log.ts';
import type { CaretakerEvents } from './caretaker/options.ts';

/** Writes down what the agent does to the cluster, one line an event; decisions only as they change. */
export function actingLog(log: Log): CaretakerEvents {
  const decided = new Map<string, string>();
  const failing = new Map<string, string>();
  return {
    onLeading: (leading, epoch) => log.info(leading ? 'leads' : 'leads no more', { epoch: String(epoch) }),
    onFault: (what, error) => {
      const { code } = faultOf(error);
      // What lasts is said once; something else after it is news.
      if (failing.get(what) === code) return;
      failing.set(what, code);
      log.warn(`not possible: ${what}`, { error });
    },
    onDecisions: (decisions) => {
      for (const decision of decisions) {
        const text = textOf(decision);
        if (decided.get(decision.policy) === text) continue;
        decided.set(decision.policy, text);
        const { policy, reasons, page } = decision;
        log[page === true ? 'error' : 'info'](`decided: ${decision.decision}`, {
          policy,
          reasons: reasons.map(({ message }) => message),
        });
      }
    },
    onOperation: ({ operation, id, targets, reasons, requestedBy }) =>
      log.info('operation begins', { operation, id, targets, reasons, requestedBy }),
    onStep: () => undefined,
    onEnded: ({ operation, id, outcome, summary, code, seconds }) =>
      log[outcome === 'succeeded' ? 'info' : 'warn']('operation ended', {
        operation,
        id,
        outcome,
        summary,
        code,
        seconds,
      }),
    onPaused: ({ by, reason, forMs }) => log.warn('paused', { by, reason, forMs }),
    onResumed: (by) => log.info('resumed', { by }),
    log: (message, fields) => log.info(message, { ...fields }),
    onChange: () => undefined,
  };
}

/** Figures in sentences change from round to round: what counts is the decision and its codes. */
function textOf({ decision, reasons }: Decision): string {
  return `${decision} ${reasons.map(({ code }) => code).join(' ')}`;
}

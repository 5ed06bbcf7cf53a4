import type { CaretakingPorts } from '../../../src/expose/caretaking-ports.ts';
import { ended, fullCaretaking, slot } from './full-caretaking.ts';

/** Ports that answer from the caretaking by hand, and remember what they were asked to do. */
export function scriptedPorts(
  change: Partial<CaretakingPorts> = {},
): CaretakingPorts & { readonly asked: readonly unknown[] } {
  const asked: unknown[] = [];
  const { leader, decisions, decidedAtMs = 0, requests } = fullCaretaking;
  const [dryRun] = decisions;
  return {
    asked,
    decisions: async () => ({ ...(leader === undefined ? {} : { leader }), decidedAtMs, decisions }),
    operations: () => ({ slot, requests, history: [ended] }),
    request: async (wish) => {
      asked.push(['request', wish]);
      return { id: 'r-9' };
    },
    dryRun: async (wish) => {
      asked.push(['dryRun', wish]);
      if (dryRun === undefined) throw new Error('the fixture has decisions');
      return dryRun;
    },
    pause: async (wish) => {
      asked.push(['pause', wish]);
    },
    resume: async (by) => {
      asked.push(['resume', by]);
    },
    nudge: () => {
      asked.push(['nudge']);
      return { heeded: true };
    },
    ...change,
  };
}

import type { ReportRecord } from '../../cluster/caretaking.ts';
import { HeldCondition } from '../../cluster/stability.ts';
import { formatSpan } from '../../cluster/units.ts';
import type { JournalMirror } from '../../journal/mirror.ts';
import type { AskedAgents, AskedStep } from '../../operate/backup-ports.ts';
import { OperationStopped } from '../../operate/operation.ts';
import { News } from './news.ts';

/** So often it is looked whether the agent is there, when nothing changes in the journal. */
const LOOK_MS = 1000;

/** Waits for the reports of other agents, and for those of this one, in the journal. */
export function askedAgents(mirror: JournalMirror, { agentBackMs }: { readonly agentBackMs: number }): AskedAgents {
  return {
    reportOf: async (asked, signal) => {
      const news = new News();
      const stop = mirror.onChange(() => news.tell());
      const missing = new HeldCondition();
      const askedAtMs = performance.now();
      try {
        for (;;) {
          signal.throwIfAborted();
          const { connected, agents, reports } = mirror.snapshot;
          const report = reports.find((each) => isOf(each, asked));
          if (report !== undefined) return report;
          const isMissing = connected && !agents.some(({ memberId }) => memberId === asked.memberId);
          if (missing.look(isMissing, performance.now()) * 1000 > agentBackMs) throw gone(asked);
          if (performance.now() - askedAtMs >= asked.withinMs) throw stuck(asked);
          await news.next(Math.min(LOOK_MS, asked.withinMs), signal);
        }
      } finally {
        stop();
      }
    },
  };
}

function isOf({ operationId, step, memberId }: ReportRecord, asked: AskedStep): boolean {
  return operationId === asked.operationId && step === asked.step && memberId === asked.memberId;
}

function stuck({ memberId, name, withinMs }: AskedStep): OperationStopped {
  const within = formatSpan(Math.round(withinMs / 1000));
  const what = `the agent beside ${memberId} is there, was asked for ${name}, and has reported nothing for ${within}`;
  return new OperationStopped('AGENT_STUCK', what, {
    remedy: 'See its log: a disk, a kubelet or systemd may not answer there. The operation is tried again by itself.',
  });
}

function gone({ memberId }: AskedStep): OperationStopped {
  return new OperationStopped('AGENT_MISSING', `the agent beside ${memberId} has gone, and has reported nothing`, {
    remedy: 'See why no agent runs beside that member; the operation is tried again by itself.',
  });
}

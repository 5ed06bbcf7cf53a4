import type { Effects, Reads } from './effects.ts';
import type { Operation } from './operation.ts';
import { sweep, sweepFigures } from './steps/defrag-sweep.ts';
import type { OperateTiming } from './timing.ts';

/** Free disk space that a member needs, by its database in use: a defragmentation writes it anew beside the old one. */
export const ROOM_FACTOR = 1.2;

/** Rewrites the databases of the targets, one member at a time. Parameter: `withoutSpare`, the consent to an outage. */
export function defragOperation(parts: {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
}): Operation {
  return {
    name: 'defrag',
    version: 1,
    run: async (context) => {
      const { targets, parameters } = context.slot;
      const withoutSpare = parameters['withoutSpare'] === true;
      const { done, stopped } = await sweep(targets, context, { ...parts, withoutSpare, roomFactor: ROOM_FACTOR });
      const figures = sweepFigures(done);
      const freed = [...done.values()].reduce((sum, { bytesBefore, bytesAfter }) => sum + bytesBefore - bytesAfter, 0);
      const what = `${done.size} of ${targets.length} members defragmented, ${(freed / 2 ** 20).toFixed(1)} MiB given back`;
      return stopped === undefined
        ? { outcome: 'succeeded', summary: `${what}.`, figures }
        : { outcome: 'stopped', code: stopped.code, summary: `${what}; stopped because ${stopped.message}.`, figures };
    },
  };
}

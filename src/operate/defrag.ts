import type { Operation } from './operation.ts';
import { type SweepOptions, sweep, sweepFigures } from './steps/defrag-sweep.ts';

/** Free disk space that a member needs, by its database in use: a defragmentation writes it anew beside the old one. */
export const ROOM_FACTOR = 1.2;

/** Rewrites the databases of the targets, one member at a time. */
export function defragOperation(parts: Omit<SweepOptions, 'roomFactor'>): Operation {
  return {
    name: 'defrag',
    version: 1,
    run: async (context) => {
      const { targets } = context.slot;
      const { done, stopped } = await sweep(targets, context, { ...parts, roomFactor: ROOM_FACTOR });
      const figures = sweepFigures(done);
      const freed = [...done.values()].reduce((sum, { bytesBefore, bytesAfter }) => sum + bytesBefore - bytesAfter, 0);
      const what = `${done.size} of ${targets.length} members defragmented, ${(freed / 2 ** 20).toFixed(1)} MiB given back`;
      return stopped === undefined
        ? { outcome: 'succeeded', summary: `${what}.`, figures }
        : { outcome: 'stopped', code: stopped.code, summary: `${what}; stopped because ${stopped.message}.`, figures };
    },
  };
}

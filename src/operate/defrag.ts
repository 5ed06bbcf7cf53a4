import { formatBytes } from '../cluster/units.ts';
import type { Operation } from './operation.ts';
import { type SweepOptions, sweep, sweepFigures } from './steps/defrag-sweep.ts';
import { parameterWrong } from './steps/parameters.ts';

/** What a defragmentation itself has brought about, as far as can be told: that it is tried again and again must end. */
const HARM: ReadonlySet<string> = new Set(['ELECTION']);

/** Rewrites the databases of the targets, one member at a time. */
export function defragOperation(options: Pick<SweepOptions, 'effects' | 'timing' | 'withoutSpare'>): Operation {
  return {
    name: 'defrag',
    version: 1,
    run: async (context) => {
      const targets = [...new Set(context.slot.targets)];
      if (targets.length === 0) throw parameterWrong(context.slot, 'has no targets');
      const result = await sweep(targets, context, options);
      const figures = sweepFigures(result);
      const freedBytes = [...result.measured.values()].reduce(
        (sum, { bytesBefore, bytesAfter }) => sum + Math.max(0, bytesBefore - bytesAfter),
        0,
      );
      const { defragmented, stopped } = result;
      const done = `${defragmented.length} of ${targets.length} members defragmented, ${formatBytes(freedBytes)} given back`;
      return stopped === undefined
        ? { outcome: 'succeeded', summary: `${done}.`, figures }
        : {
            outcome: defragmented.length > 0 && HARM.has(stopped.code) ? 'failed' : 'stopped',
            code: stopped.code,
            summary: `${done}; it stopped because ${stopped.message}.`,
            figures,
          };
    },
  };
}

import * as z from 'zod';
import { path } from '../leaves.ts';

/** How operations are carried out. */
export const operateSection = z
  .strictObject({
    pauseFile: path(
      'While this file is there the agent starts nothing and stops before the next step: `pause --local` writes it. Left out: `NAME.pause` beside `expose.socket`.',
    ).exactOptional(),
  })
  .meta({ description: 'How operations are carried out.' });

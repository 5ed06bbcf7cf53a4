import * as z from 'zod';
import { choice } from '../leaves.ts';

/** The log on stderr. */
export const logSection = z
  .strictObject({
    level: choice('Least level that is logged.', ['trace', 'debug', 'info', 'warn', 'error']).prefault('info'),
  })
  .meta({ description: 'The log, one line of JSON per event, on stderr.' });

import * as z from 'zod';
import { duration } from '../leaves.ts';

/** Which agent leads. */
export const leadSection = z
  .strictObject({
    ttl: duration(
      'Time to live of the lease under which an agent leads. When the leader dies, another one leads at the latest so long after.',
      2000,
      5 * 60_000,
    ).prefault('10s'),
  })
  .meta({ description: 'Which agent leads: the one that holds the leader key in etcd under its lease.' })
  .transform(({ ttl }) => ({ ttlMs: ttl }));

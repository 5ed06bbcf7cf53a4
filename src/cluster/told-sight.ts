import { z } from 'zod';
import { type AgentSight, sightOf } from './agent-sight.ts';

/** A number as the agents' API writes it: JSON has no infinity. */
const number = z.union([z.number(), z.literal('+Inf').transform(() => Number.POSITIVE_INFINITY)]);
/** An int64 as the agents' API writes it: decimal text. */
const revision = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);

function told<T extends z.ZodType>(section: T) {
  return z.object({ value: section.optional() }).optional().catch(undefined);
}

const body = z.object({
  member: z.string(),
  sections: z.object({
    wal: told(
      z.object({
        walFsyncP99Seconds: number.optional(),
        backendCommitP99Seconds: number.optional(),
        defragInflight: z.boolean().optional(),
        compactRevision: revision.optional(),
      }),
    ),
    quota: told(
      z.object({
        quotaBytes: number.optional(),
        quotaSource: z.enum(['status', 'metrics', 'flag', 'default', 'disabled', 'unknown']),
      }),
    ),
    process: told(z.object({ settings: z.record(z.string(), z.string()) })),
    filesystem: told(
      z.object({ filesystems: z.array(z.object({ role: z.enum(['wal', 'data']), availableBytes: z.number() })) }),
    ),
    peers: told(
      z.object({
        peers: z.array(
          z.object({
            peerId: z.string(),
            probes: z.array(
              z.object({ probe: z.enum(['tcp', 'tls', 'http']), lastSeconds: z.number().nonnegative().optional() }),
            ),
          }),
        ),
      }),
    ),
    keyspace: told(
      z.object({
        phase: z.enum(['waiting', 'scanning', 'current']),
        prefixes: z.array(z.object({ prefix: z.string(), bytes: z.number() })),
      }),
    ),
  }),
});

/**
 * Reads the reply of another agent's `/api/v1/observation`, which may be of another version: a section that is not as
 * this version knows it counts as not told. Undefined where it is no observation at all.
 * @param voters of the cluster, as in `sightOf`
 */
export function sightTold(
  reply: unknown,
  voters: number,
): { readonly member: string; readonly sight: AgentSight } | undefined {
  const read = body.safeParse(reply);
  return read.success ? { member: read.data.member, sight: sightOf(read.data.sections, voters) } : undefined;
}

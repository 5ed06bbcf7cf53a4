import * as z from 'zod';
import { AgentError } from '../../cluster/agent-error.ts';
import type { AgreedPlan, RecoveryEvidence } from '../../cluster/recovery.ts';
import { ownTold } from '../../cluster/told-own.ts';

/**
 * What agents tell each other of a recovery, as JSON: revisions are decimal text. Fields that this version does not know are left out.
 */

const revision = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform((text) => BigInt(text));
const text = z.string().max(4000);
const texts = z.array(text).max(100);
const store = z.object({ url: text, oldestRevision: revision, revision, atMs: z.number() });

const planSchema = z.object({
  kind: z.enum(['seed-from-member', 'seed-from-store']),
  id: z.string().regex(/^[0-9A-Za-z-]{8,64}$/),
  atMs: z.number(),
  seed: text,
  heard: z
    .array(z.object({ name: text, agentUrl: text, peerUrl: text, instance: text.exactOptional() }))
    .min(1)
    .max(100),
  lost: z.array(z.object({ name: text, urls: texts })).max(100),
  clusterId: text.exactOptional(),
  store: store.exactOptional(),
  toRevision: revision.exactOptional(),
  bound: z.object({ revisions: revision, seconds: z.number().exactOptional(), basis: text }),
});

const stepSchema = z.object({
  state: z.enum(['running', 'done', 'failed']),
  detail: text.exactOptional(),
  code: text.exactOptional(),
});

/** A promise, as it stands in evidence and on the disk. */
export const promiseSchema = z.object({
  planId: text,
  promisedAtMs: z.number(),
  endedAtMs: z.number().exactOptional(),
  plan: planSchema,
  steps: z.object({
    stop: stepSchema.exactOptional(),
    keep: stepSchema.exactOptional(),
    seed: stepSchema.exactOptional(),
    begin: stepSchema.exactOptional(),
    'stand-down': stepSchema.exactOptional(),
  }),
});

const own = z.unknown().transform((value, context) => {
  const told = ownTold(value);
  if (told !== undefined) return told;
  context.addIssue('it says nothing of its member that this version understands');
  return z.NEVER;
});

const evidenceSchema = z.object({
  member: text,
  peerUrl: text.exactOptional(),
  etcdVersion: text.exactOptional(),
  quorum: z.enum(['holds', 'lost', 'unknown']),
  quorumLostAtMs: z.number().exactOptional(),
  instance: text.exactOptional(),
  unattended: z.object({ mode: z.enum(['manual', 'auto']), afterMs: z.number() }).exactOptional(),
  own,
  list: z
    .object({
      clusterId: text,
      atMs: z.number(),
      raftIndex: revision.exactOptional(),
      members: z.array(z.object({ id: text, name: text, peerUrls: texts, isLearner: z.boolean() })),
    })
    .exactOptional(),
  gasp: z
    .object({
      path: text,
      source: z.enum(['snapshot', 'database-file', 'data-dir']),
      takenAtMs: z.number(),
      bytes: z.number(),
      revision: revision.exactOptional(),
      keys: z.number().exactOptional(),
    })
    .exactOptional(),
  sightings: z.array(z.object({ atMs: z.number(), revision, raftIndex: revision.exactOptional() })).max(10_000),
  promise: promiseSchema.exactOptional(),
  run: z.object({ planId: text, outcome: text }).exactOptional(),
});

/** Reads a plan. Throws `RECOVERY_PLAN_WRONG`. */
export function planFrom(json: unknown): AgreedPlan {
  const parsed = planSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AgentError('RECOVERY_PLAN_WRONG', `This is no plan of a recovery: ${z.prettifyError(parsed.error)}`, {
    remedy: 'Give all agents the same version.',
  });
}

/** Reads what another agent says. Throws `RECOVERY_EVIDENCE_WRONG`. */
export function evidenceFrom(json: unknown): RecoveryEvidence {
  const parsed = evidenceSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AgentError('RECOVERY_EVIDENCE_WRONG', `An agent answers in other words: ${z.prettifyError(parsed.error)}`, {
    remedy: 'Give all agents the same version, and one that knows recoveries.',
  });
}

/** As JSON, with revisions as text. */
export function toWire(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}

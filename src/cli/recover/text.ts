import * as z from 'zod';
import { AgentError } from '../../cluster/agent-error.ts';
import { formatCount, formatSpan } from '../units.ts';

const revision = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => BigInt(text));

const planSchema = z.looseObject({
  kind: z.enum(['none-needed', 'seed-from-member', 'seed-from-store', 'hold', 'impossible']),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
  start: z.array(z.string()).optional(),
  seed: z.string().optional(),
  toRevision: z.string().optional(),
  store: z.looseObject({ url: z.string() }).optional(),
  bound: z.object({ revisions: revision, seconds: z.number().optional(), basis: z.string() }).optional(),
});

const runSchema = z.looseObject({
  planId: z.string(),
  outcome: z.enum(['running', 'succeeded', 'failed']),
  fault: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  progress: z.array(
    z.object({ member: z.string(), step: z.string(), state: z.string(), detail: z.string().optional() }),
  ),
});

/** A plan as an agent answers it. */
export type PlanJson = z.output<typeof planSchema>;
/** A recovery under way as an agent answers it. */
export type RunJson = z.output<typeof runSchema>;

/** Throws `AGENT_REPLY_UNREADABLE`. */
export function planReply(url: string, json: unknown): PlanJson {
  return readAs(planSchema, url, json);
}

/** Of the reply of `GET /api/v1/recovery`. Throws `AGENT_REPLY_UNREADABLE`. */
export function runReply(url: string, json: unknown): RunJson {
  return readAs(z.looseObject({ run: runSchema }), url, json).run;
}

function readAs<T>(schema: z.ZodType<T>, url: string, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AgentError('AGENT_REPLY_UNREADABLE', `The agent at ${url} answers in other words.`, {
    remedy: 'Use the command of the same version as the agents.',
  });
}

const WORDS: Readonly<Record<PlanJson['kind'], string>> = {
  'none-needed': 'Nothing is lost.',
  'seed-from-member': 'The cluster begins again with the member',
  'seed-from-store': 'The cluster begins again from a backup, on the member',
  hold: 'Nothing may be done yet.',
  impossible: 'There is nothing to recover from.',
};

/** A plan for a person. @param lost as they were named */
export function planText(
  { kind, reasons, seed, start = [], bound, toRevision }: PlanJson,
  lost: readonly string[],
): string {
  const lines = [
    seed === undefined ? WORDS[kind] : `${WORDS[kind]} ${seed}.`,
    ...reasons.map(({ code, message }) => `  ${code}: ${message}`),
    ...(start.length === 0 ? [] : [`  to start: ${start.join(', ')} (their agents do it)`]),
    ...(lost.length === 0 ? [] : [`  called lost: ${lost.join(', ')}`]),
  ];
  if (bound !== undefined) {
    const { revisions, seconds, basis } = bound;
    const what = missingText(revisions, seconds);
    // A cluster that runs is written to until it is stopped.
    const told =
      toRevision === undefined
        ? `may be missing afterwards: ${what}`
        : `is taken back: ${formatCount(revisions)} revisions or more`;
    lines.push(`  ${told}`, `    (${basis})`);
  }
  if (kind === 'seed-from-member' || kind === 'seed-from-store') lines.push('  nothing is done without --apply');
  return `${lines.join('\n')}\n`;
}

/** @param seconds absent where nobody can say how much is missing: then what was seen is the least of it */
function missingText(revisions: bigint, seconds: number | undefined): string {
  if (seconds === undefined) {
    return revisions === 0n
      ? 'nobody can say how much'
      : `${formatCount(revisions)} revisions or more, nobody can say how many`;
  }
  return seconds === 0 && revisions === 0n
    ? 'nothing'
    : `at most ${formatCount(revisions)} revisions, of the last ${formatSpan(Math.ceil(seconds))}`;
}

/** One step as it is told while it goes on. */
export function stepText({ member, step, state, detail }: RunJson['progress'][number]): string {
  return `${member.padEnd(12)} ${step.padEnd(11)} ${state}${detail === undefined ? '' : `: ${detail}`}`;
}

import * as z from 'zod';
import type { Decision } from '../../cluster/caretaking.ts';
import { operationNames } from '../../cluster/caretaking.ts';
import type { Fault, Observation, Reading } from '../../cluster/observation.ts';
import type { Sections } from '../../cluster/sections.ts';
import { int64, number, text } from './json-values.ts';
import { faultSchema, type RevivedSection, sectionSchemas } from './section-schemas.ts';

/** What another agent observes, as far as a `ClusterState` needs it. */
export interface PeerObservation {
  /** Without collectors, and without sections that nobody else needs. */
  readonly observation: Observation;
  /** How old it was when it was answered, by the clock of the agent that made it. */
  readonly ageSeconds: number;
  /** Why that agent is paused by the file beside it. */
  readonly localPause?: string;
}

/** What the leading agent decided last. */
export interface PeerDecisions {
  readonly leaderEpoch?: bigint;
  readonly decidedAtMs?: number;
  readonly decisions: readonly Decision[];
}

/** What was read, or why it is not what it should be. */
export type Revived<T> = { readonly value: T } | { readonly fault: Fault };

const reading = z.object({
  observedAtMs: number,
  durationSeconds: number,
  value: z.unknown().optional(),
  fault: faultSchema.exactOptional(),
});

const observationSchema = z.object({
  member: text,
  cluster: text,
  agentVersion: text,
  observedAtMs: number,
  observedAtMonotonicMs: number,
  rounds: number,
  ageSeconds: z.number().nonnegative(),
  sections: z.record(z.string(), z.unknown()),
  caretaking: z.object({ localPause: text.exactOptional() }).exactOptional(),
});

/**
 * Reads the parsed JSON of `GET /api/v1/observation`. The other agent may be of another version: what is not known is
 * dropped, and a section that is not as it should be has a fault instead of a value, as if its collector had failed. Never
 * throws.
 */
export function reviveObservation(json: unknown): Revived<PeerObservation> {
  const read = observationSchema.safeParse(json);
  if (!read.success) return { fault: unreadable('an observation', read.error) };
  const { sections, ageSeconds, caretaking, ...rest } = read.data;
  const names = Object.keys(sectionSchemas) as RevivedSection[];
  const revived = names.flatMap((name) => {
    const found = Object.hasOwn(sections, name) ? sections[name] : undefined;
    return found === undefined ? [] : [[name, reviveReading(name, found)] as const];
  });
  const observation = { ...rest, collectors: {}, sections: Object.fromEntries(revived) };
  const { localPause } = caretaking ?? {};
  return { value: { observation, ageSeconds, ...(localPause === undefined ? {} : { localPause }) } };
}

function reviveReading<K extends RevivedSection>(name: K, json: unknown): Reading<Sections[K]> {
  const read = reading.safeParse(json);
  if (!read.success)
    return { observedAtMs: 0, durationSeconds: 0, fault: unreadable(`the section ${name}`, read.error) };
  const { value, fault, ...when } = read.data;
  if (value === undefined) return { ...when, fault: fault ?? empty(name) };
  const section = sectionSchemas[name].safeParse(value);
  return section.success
    ? { ...when, value: section.data }
    : { ...when, fault: unreadable(`the section ${name}`, section.error) };
}

const reason = z.object({ code: text, message: text });
const operation = z.enum(operationNames);
const decision = z.object({
  policy: operation,
  decision: z.enum(['act', 'plan', 'hold']),
  reasons: z.tuple([reason], reason),
  action: z.object({ operation, targets: z.array(text), parameters: z.record(z.string(), z.json()) }).exactOptional(),
  page: z.boolean().exactOptional(),
  requestedBy: text.exactOptional(),
});
const decisionsSchema = z.object({
  leader: z.object({ epoch: int64 }).exactOptional(),
  decidedAtMs: number.exactOptional(),
  decisions: z.array(z.unknown()),
});

/** Reads the parsed JSON of `GET /api/v1/decisions`, without decisions that this version cannot read. Never throws. */
export function reviveDecisions(json: unknown): Revived<PeerDecisions> {
  const read = decisionsSchema.safeParse(json);
  if (!read.success) return { fault: unreadable('a list of decisions', read.error) };
  const { leader, decidedAtMs, decisions } = read.data;
  return {
    value: {
      ...(leader === undefined ? {} : { leaderEpoch: leader.epoch }),
      ...(decidedAtMs === undefined ? {} : { decidedAtMs }),
      // A newer version has policies that this one does not know.
      decisions: decisions.flatMap((each): Decision | readonly Decision[] => decision.safeParse(each).data ?? []),
    },
  };
}

function empty(name: string): Fault {
  return { code: 'PEER_AGENT_ANSWER', message: `The other agent has no value for the section ${name}, and no reason.` };
}

/** Names where it is wrong, never what stands there. */
function unreadable(what: string, error: z.ZodError): Fault {
  const path = error.issues[0]?.path.map((part) => String(part).slice(0, 40)).join('.') ?? '';
  return {
    code: 'PEER_AGENT_ANSWER',
    message: `What the other agent answered is not ${what} as this version knows it${path === '' ? '' : ` (at ${path})`}.`,
    remedy: 'Bring the agents to one version.',
  };
}

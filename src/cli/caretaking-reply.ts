import { AgentError } from '../cluster/agent-error.ts';
import type {
  ArmedRecord,
  Decision,
  HistoryEntry,
  LeaderRecord,
  PauseRecord,
  RequestRecord,
  Slot,
} from '../cluster/caretaking.ts';
import type { AsJson } from './status-text.ts';

/** What `GET /api/v1/decisions` answers. Members are ids wherever they are not called by name. */
export interface DecisionsReply {
  readonly leader?: AsJson<LeaderRecord>;
  readonly armed?: AsJson<ArmedRecord>;
  /** While they are not armed: what is waited for, a sentence. */
  readonly arming?: string;
  readonly pause?: AsJson<PauseRecord>;
  readonly slot?: AsJson<Slot>;
  /** Policies that stopped after too many failures, until somebody says `resume`. */
  readonly breakers?: readonly { readonly policy: string; readonly failures: number }[];
  readonly decidedAtMs?: number;
  readonly decisions: readonly AsJson<Decision>[];
}

/** What `GET /api/v1/operations` answers. */
export interface OperationsReply {
  /** Under way. */
  readonly slot?: AsJson<Slot>;
  /** Not begun yet. */
  readonly requests?: readonly AsJson<RequestRecord>[];
  /** Newest first. */
  readonly history: readonly AsJson<HistoryEntry>[];
}

/** Throws `AGENT_UNREACHABLE` where something else answered. */
export function decisionsReply(url: string, json: unknown): DecisionsReply {
  if (hasList(json, 'decisions')) return json as DecisionsReply;
  throw notOfThisVersion(url);
}

/** Throws `AGENT_UNREACHABLE` where something else answered. */
export function operationsReply(url: string, json: unknown): OperationsReply {
  if (hasList(json, 'history')) return json as OperationsReply;
  throw notOfThisVersion(url);
}

/** The id by which a request is known in the history. Throws `AGENT_OUTCOME_UNKNOWN` where something else answered. */
export function requestId(url: string, json: unknown): string {
  const id: unknown = at(json, 'id');
  if (typeof id === 'string') return id;
  throw notOfThisVersion(url, 'AGENT_OUTCOME_UNKNOWN');
}

/** The decision that a dry run answers. Throws `AGENT_UNREACHABLE` where something else answered. */
export function decisionReply(url: string, json: unknown): AsJson<Decision> {
  const decision = at(json, 'decision');
  if (typeof decision === 'string' && hasList(json, 'reasons')) return json as AsJson<Decision>;
  if (hasList(decision, 'reasons')) return decision as AsJson<Decision>;
  throw notOfThisVersion(url);
}

function hasList(json: unknown, name: string): boolean {
  return Array.isArray(at(json, name));
}

function at(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
}

function notOfThisVersion(url: string, code = 'AGENT_UNREACHABLE'): AgentError {
  return new AgentError(code, `What answers at ${url} is no agent of this version.`, {
    remedy: 'Check the port, and that agent and command line are of the same version.',
  });
}

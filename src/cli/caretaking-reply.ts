import { AgentError } from '../cluster/agent-error.ts';
import type { Decision } from '../cluster/caretaking.ts';
import type { CaretakingView } from '../cluster/caretaking-view.ts';
import type { AsJson } from '../expose/as-json.ts';
import type { DecisionsReply, OperationsReply } from '../expose/caretaking-ports.ts';

/** What `GET /api/v1/decisions` answers. */
export type DecisionsJson = AsJson<DecisionsReply>;

/** What `GET /api/v1/operations` answers. */
export type OperationsJson = AsJson<OperationsReply>;

/** What one agent has to say of acting, in `GET /api/v1/observation`. */
export type CaretakingJson = AsJson<CaretakingView>;

/** Throws `AGENT_UNREACHABLE` where something else answered. */
export function decisionsReply(url: string, json: unknown): DecisionsJson {
  if (hasList(json, 'decisions')) return json as DecisionsJson;
  throw notOfThisVersion(url);
}

/** Throws `AGENT_UNREACHABLE` where something else answered. */
export function operationsReply(url: string, json: unknown): OperationsJson {
  if (hasList(json, 'history')) return json as OperationsJson;
  throw notOfThisVersion(url);
}

/** The part of an observation that is about acting; undefined where the agent takes no part in it. */
export function caretakingIn(observation: unknown): CaretakingJson | undefined {
  const found = at(observation, 'caretaking');
  return hasList(found, 'faults') ? (found as CaretakingJson) : undefined;
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

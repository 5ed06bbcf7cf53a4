import { AgentError } from '../cluster/agent-error.ts';
import type { Observation } from '../cluster/observation.ts';
import type { CaretakingPorts, DecisionsReply } from './caretaking-ports.ts';
import { toJson } from './http/json.ts';
import { ProblemError } from './http/problem.ts';
import type { Reply, Route, RouteRequest } from './http/route.ts';
import { caretakingOperations as documents } from './openapi/caretaking-operations.ts';
import { sentences } from './sentences.ts';
import { operationWish, pauseWish, resumeWish } from './wishes.ts';

/** What the routes of acting need. */
export interface CaretakingRoutesOptions {
  readonly observation: () => Observation;
  /** Absent: this agent takes no part in acting, and the routes say so. */
  readonly caretaking?: CaretakingPorts;
}

const json = 'application/json';
const decisionsPath = '/api/v1/decisions';
const operationsPath = '/api/v1/operations';
const pausePath = '/api/v1/pause';
const nudgePath = '/api/v1/nudge';

/** The routes by which acting is seen and asked for, in the order of the API document. */
export function caretakingRoutes({ observation, caretaking }: CaretakingRoutesOptions): readonly Route[] {
  const using = (
    use: (ports: CaretakingPorts, request: RouteRequest) => Promise<Reply>,
  ): Pick<Route, 'types' | 'handle'> => ({
    types: [json],
    handle: (request) => (caretaking === undefined ? notActing() : asProblem(() => use(caretaking, request))),
  });
  return [
    {
      method: 'GET',
      path: decisionsPath,
      access: 'read',
      operation: documents.decisions,
      ...using(async (ports, { signal }) => answer(200, withSituation(await ports.decisions(signal), observation()))),
    },
    {
      method: 'GET',
      path: operationsPath,
      access: 'read',
      operation: documents.operations,
      ...using(async (ports) => answer(200, ports.operations())),
    },
    {
      method: 'POST',
      path: operationsPath,
      access: 'change',
      takes: 'json',
      operation: documents.request,
      ...using(async (ports, { body, caller, signal }) => {
        const { dryRun, ...wish } = operationWish(body, caller, observation());
        return dryRun
          ? answer(200, await ports.dryRun(wish, signal))
          : answer(202, await ports.request(wish, signal), { location: operationsPath });
      }),
    },
    {
      method: 'POST',
      path: pausePath,
      access: 'change',
      takes: 'json',
      operation: documents.pause,
      ...using(async (ports, { body, caller, signal }) => {
        const wish = pauseWish(body, caller);
        await ports.pause(wish, signal);
        return answer(200, { by: wish.by, reason: wish.reason, seconds: wish.forMs / 1000 });
      }),
    },
    {
      method: 'DELETE',
      path: pausePath,
      access: 'change',
      takes: 'optional json',
      operation: documents.resume,
      ...using(async (ports, { body, caller, signal }) => {
        const by = resumeWish(body, caller);
        await ports.resume(by, signal);
        return answer(200, { by });
      }),
    },
    {
      method: 'POST',
      path: nudgePath,
      // It changes nothing, and what it says is not believed: whoever may look may have the leader look.
      access: 'read',
      takes: 'optional json',
      operation: documents.nudge,
      ...using(async (ports) => answer(200, ports.nudge())),
    },
  ];
}

function answer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, contentType: json, body: toJson(value), headers };
}

/** Every agent sees the journal: what holds the agents back is said also where the leader's reply does not. */
export function withSituation(reply: DecisionsReply, { caretaking }: Observation): DecisionsReply {
  const { slot, pause, armed } = caretaking ?? {};
  const notArmed = reply.decisions.flatMap(({ reasons }) => reasons).find(({ code }) => code === 'NOT_ARMED');
  return {
    ...(slot === undefined ? {} : { slot }),
    ...(pause === undefined ? {} : { pause }),
    ...(armed === undefined ? {} : { armed }),
    ...(notArmed === undefined || armed !== undefined ? {} : { arming: notArmed.message }),
    ...reply,
  };
}

function notActing(): never {
  throw new ProblemError({
    status: 503,
    code: 'NOT_ACTING',
    detail: 'This agent takes no part in acting: it decides nothing and takes no requests.',
  });
}

/** Codes of what the caller can mend; everything else is a matter of the cluster, and may be over soon. */
const statusOfCode: Readonly<Record<string, number>> = {
  USAGE: 400,
  OPERATION_UNKNOWN: 400,
  MEMBER_UNKNOWN: 400,
  NOT_LEADER: 409,
};

/** What the agent means to say is answered with its code; what it does not is its own failure. */
async function asProblem(use: () => Promise<Reply>): Promise<Reply> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof AgentError)) {
      throw error;
    }
    const { code, message, remedy } = error;
    throw new ProblemError({ status: statusOfCode[code] ?? 503, code, detail: sentences(message, remedy) });
  }
}

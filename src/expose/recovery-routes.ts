import { AgentError } from '../cluster/agent-error.ts';
import type { GoBackPoint } from '../cluster/recovery.ts';
import { toJson } from './http/json.ts';
import { ProblemError } from './http/problem.ts';
import type { Reply, Route, RouteRequest } from './http/route.ts';
import { recoveryOperations as documents } from './openapi/recovery-operations.ts';
import type { RecoveryPorts, RecoveryWish } from './recovery-ports.ts';
import { sentences } from './sentences.ts';

const json = 'application/json';
const path = '/api/v1/recovery';

/** The routes by which agents recover a lost quorum without etcd. @param recovery absent: this agent starts no member, and says so */
export function recoveryRoutes(recovery: RecoveryPorts | undefined): readonly Route[] {
  const using = (
    use: (ports: RecoveryPorts, request: RouteRequest) => Promise<unknown>,
  ): Pick<Route, 'types' | 'handle'> => ({
    types: [json],
    handle: async (request) => {
      if (recovery === undefined) throw notHere();
      return await asReply(() => use(recovery, request));
    },
  });
  return [
    {
      method: 'GET',
      path,
      access: 'read',
      operation: documents.evidence,
      ...using(async (ports) => ports.evidence()),
    },
    {
      method: 'POST',
      path: `${path}/plan`,
      access: 'read',
      takes: 'json',
      operation: documents.plan,
      ...using(async (ports, { body, signal }) => await ports.plan(wishIn(body), signal)),
    },
    {
      method: 'POST',
      path: `${path}/run`,
      access: 'change',
      takes: 'json',
      operation: documents.run,
      ...using(async (ports, { body, signal }) => await ports.run(wishIn(body), signal)),
    },
    {
      method: 'POST',
      path: `${path}/prepare`,
      access: 'change',
      takes: 'json',
      operation: documents.prepare,
      ...using(async (ports, { body }) => {
        await ports.prepare(body);
        return {};
      }),
    },
    {
      method: 'POST',
      path: `${path}/step`,
      access: 'change',
      takes: 'json',
      operation: documents.step,
      ...using(async (ports, { body }) => {
        await ports.step(textIn(body, 'planId'), textIn(body, 'step'));
        return {};
      }),
    },
    {
      method: 'POST',
      path: `${path}/abandon`,
      access: 'change',
      takes: 'json',
      operation: documents.abandon,
      ...using(async (ports, { body }) => {
        await ports.abandon(textIn(body, 'planId'));
        return {};
      }),
    },
  ];
}

async function asReply(use: () => Promise<unknown>): Promise<Reply> {
  try {
    return { contentType: json, body: toJson(await use()) };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const { code, message, remedy } = error;
    throw new ProblemError({
      status: code === 'RECOVERY_PLAN_WRONG' ? 400 : 409,
      code,
      detail: sentences(message, remedy),
    });
  }
}

function notHere(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'RECOVERY_NOT_HERE',
    detail: 'This agent starts no member (supervise.kind is none), so it takes no part in a recovery.',
  });
}

function wishIn(body: unknown): RecoveryWish {
  const of = (name: string): unknown => Reflect.get(Object(body), name);
  const { lost = [] } = Object(body) as { readonly lost?: unknown };
  if (!Array.isArray(lost) || !lost.every((name) => typeof name === 'string')) throw wrong('lost', 'names of members');
  const store = of('store');
  if (store !== undefined && typeof store !== 'string') throw wrong('store', 'the URL of a store');
  const goBack = pointIn(of);
  return { lost, ...(goBack === undefined ? {} : { goBack }), ...(store === undefined ? {} : { store }) };
}

const POINTS = ['to', 'toRevision', 'toTimeMs', 'beforeDelete'] as const;

function pointIn(of: (name: string) => unknown): GoBackPoint | undefined {
  const [name, second] = POINTS.filter((each) => of(each) !== undefined);
  if (second !== undefined) throw wrong(second, `left out beside "${name}"`);
  return name === undefined ? undefined : pointOf(name, of(name));
}

function pointOf(name: (typeof POINTS)[number], value: unknown): GoBackPoint {
  switch (name) {
    case 'to':
      if (value !== 'latest') throw wrong(name, '"latest"');
      return { kind: 'latest' };
    case 'toRevision':
      if (typeof value !== 'string' || !/^[1-9]\d{0,18}$/.test(value)) throw wrong(name, 'decimal text');
      return { kind: 'revision', revision: BigInt(value) };
    case 'toTimeMs':
      if (typeof value !== 'number' || !(value > 0)) throw wrong(name, 'ms since 1970');
      return { kind: 'time', atMs: value };
    case 'beforeDelete':
      if (typeof value !== 'string' || value === '') throw wrong(name, 'a key');
      return { kind: 'before-delete', key: value };
  }
}

function textIn(body: unknown, name: string): string {
  const value: unknown = Reflect.get(Object(body), name);
  if (typeof value === 'string') return value;
  throw wrong(name, 'a text');
}

function wrong(name: string, allowed: string): ProblemError {
  return new ProblemError({
    status: 400,
    code: 'FIELD_WRONG',
    detail: `"${name}" is not as it has to be: ${allowed}.`,
  });
}

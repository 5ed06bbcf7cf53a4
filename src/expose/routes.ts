import { backupsOf, noBackups } from './backups-of.ts';
import { type CaretakingRoutesOptions, caretakingRoutes } from './caretaking-routes.ts';
import { diagnosisOf } from './diagnosis.ts';
import { toJson } from './http/json.ts';
import { acceptsGzip, preferredType } from './http/negotiate.ts';
import type { Reply, Route } from './http/route.ts';
import { keyspaceOf } from './keyspace-of.ts';
import { type LiveRoutesOptions, liveRoutes } from './live/live-routes.ts';
import type { BackupPointsReply } from './live/words.ts';
import { openApiDocument } from './openapi/document.ts';
import { operations } from './openapi/operations.ts';
import { operations as pageOperations } from './openapi/page-operations.ts';
import { ownObservation } from './own-observation.ts';
import type { PageFiles } from './page/files.ts';
import { pageRoutes } from './page/routes.ts';
import { readinessOf } from './readiness.ts';
import type { RecoveryPorts } from './recovery-ports.ts';
import { recoveryRoutes } from './recovery-routes.ts';
import type { MetricsRegistry } from './registry.ts';
import { statusOf } from './status.ts';

export interface RoutesOptions extends CaretakingRoutesOptions, LiveRoutesOptions {
  readonly registry: MetricsRegistry;
  /** What can be done about a lost quorum; absent: the routes say that this agent starts no member. */
  readonly recovery?: RecoveryPorts;
  /** Of the status page. */
  readonly page: PageFiles;
  /** What can be restored; absent where no store is configured. */
  readonly backupPoints?: () => Promise<BackupPointsReply>;
  /** An observation that is older does not count as one. */
  readonly staleAfterMs: number;
  /** Monotonic clock, as in `Observation.observedAtMonotonicMs`. */
  readonly nowMs: () => number;
}

const json = 'application/json';
const text = 'text/plain; charset=utf-8';
const metricsTypes = ['text/plain;version=0.0.4', 'application/openmetrics-text;version=1.0.0'] as const;

/** Every route, in the order of the API document. */
export function createRoutes(options: RoutesOptions): readonly Route[] {
  const { observation, registry } = options;
  const routes: Route[] = [
    ...pageRoutes(options.page),
    {
      method: 'GET',
      path: '/api/v1/session',
      access: 'open',
      types: [],
      operation: pageOperations.session,
      handle: async ({ who }) => ({ contentType: json, body: toJson(await who()) }),
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'read',
      // Whatever a scraper asks for, it gets a page: the text format is the answer to what is not known.
      types: [],
      operation: operations.metrics,
      handle: ({ headers }) => metricsReply(registry, headers.accept, headers['accept-encoding']),
    },
    {
      method: 'GET',
      path: '/healthz',
      access: 'open',
      types: [],
      operation: operations.health,
      handle: () => ({ contentType: text, body: 'ok\n' }),
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'open',
      types: [],
      operation: operations.ready,
      handle: ({ mayRead }) => readyReply(options, mayRead),
    },
    jsonRoute('/api/v1/status', operations.status, () => statusOf(observation())),
    jsonRoute('/api/v1/observation', operations.observation, () => ownObservation(observation(), options.nowMs())),
    jsonRoute('/api/v1/diagnosis', operations.diagnosis, () => diagnosisOf(observation())),
    jsonRoute('/api/v1/keyspace', operations.keyspace, () => keyspaceOf(observation())),
    jsonRoute('/api/v1/backups', operations.backups, () => backupsOf(observation())),
    {
      method: 'GET',
      path: '/api/v1/backups/points',
      access: 'read',
      types: [json],
      operation: operations.backupPoints,
      handle: async () => ({ contentType: json, body: toJson(await (options.backupPoints ?? noBackups)()) }),
    },
    ...liveRoutes(options),
    ...caretakingRoutes(options),
    ...recoveryRoutes(options.recovery),
  ];
  routes.push(
    jsonRoute('/api/v1/openapi.json', operations.openapi, () => openApiDocument(routes, observation().agentVersion)),
  );
  return routes;
}

function jsonRoute(path: string, operation: Route['operation'], read: () => unknown): Route {
  return {
    method: 'GET',
    path,
    access: 'read',
    types: [json],
    operation,
    handle: () => ({ contentType: json, body: toJson(read()) }),
  };
}

async function metricsReply(
  registry: MetricsRegistry,
  accept: string | undefined,
  acceptEncoding: string | undefined,
): Promise<Reply> {
  const format = preferredType(accept, metricsTypes) === metricsTypes[1] ? 'openmetrics' : 'text';
  const gzip = acceptsGzip(acceptEncoding);
  const { contentType, body } = await registry.page(format, gzip ? 'gzip' : 'identity');
  return {
    contentType,
    body,
    headers: { vary: 'accept, accept-encoding', ...(gzip ? { 'content-encoding': 'gzip' } : {}) },
  };
}

function readyReply({ observation, nowMs, staleAfterMs }: RoutesOptions, mayRead: boolean): Reply {
  const { ready, code, reason } = readinessOf(observation(), nowMs(), staleAfterMs);
  // Everyone may ask, so only readers get the sentence: it names addresses.
  return { status: ready ? 200 : 503, contentType: text, body: mayRead ? `${code}: ${reason}\n` : `${code}\n` };
}

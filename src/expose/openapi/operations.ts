import type { OperationDocument } from '../http/route.ts';
import { json, problem, text } from './contents.ts';

/** What each route is, for the API document. Refusals that all routes share are added by the document. */
export const operations = {
  metrics: {
    operationId: 'getMetrics',
    summary: 'Metrics for Prometheus',
    description:
      'Prometheus text 0.0.4, or OpenMetrics 1.0.0 where the Accept header prefers it; gzip where it is accepted.',
    responses: {
      200: {
        description: 'The metrics of the newest observation.',
        content: {
          'text/plain': { schema: { type: 'string' } },
          'application/openmetrics-text': { schema: { type: 'string' } },
        },
      },
    },
  },
  health: {
    operationId: 'getHealth',
    summary: 'The process is alive',
    responses: { 200: text('It is alive, whatever the state of etcd.') },
  },
  ready: {
    operationId: 'getReadiness',
    summary: 'The agent observes its member',
    description: 'The reply begins with a stable code. Callers that may read get the reason after it.',
    responses: {
      200: text('The newest round observed the own member, in whatever state that is.'),
      503: text('It did not: no round yet, an old observation, or the code of what failed.'),
    },
  },
  status: {
    operationId: 'getStatus',
    summary: 'The cluster in one view',
    responses: { 200: json('The cluster as this agent sees it. What is not known is absent.', 'Status') },
  },
  observation: {
    operationId: 'getObservation',
    summary: 'Everything that this agent sees',
    responses: { 200: json('The newest reading of every collector.', 'Observation') },
  },
  diagnosis: {
    operationId: 'getDiagnosis',
    summary: 'What is wrong, by its causes',
    description: 'The first is what a person should read first. docs/verdicts.md says what each rests on.',
    responses: {
      200: json('The causes that hold, with their evidence and what to do first.', 'Diagnosis'),
      503: problem('It has not looked often enough yet.'),
    },
  },
  keyspace: {
    operationId: 'getKeyspace',
    summary: 'Keys, bytes and writes by prefix',
    responses: {
      200: json('The largest prefixes, and `other` for the rest.', 'Keyspace'),
      503: problem('The keyspace is not observed, or not yet.'),
    },
  },
  backupPoints: {
    operationId: 'getBackupPoints',
    summary: 'What can be restored',
    description: 'The stores are listed when somebody asks, at most every 20 s.',
    responses: {
      200: json(
        'Full snapshots and stretches of revisions of each store, and the commands that restore them.',
        'BackupPoints',
      ),
      503: problem('No store is configured.'),
    },
  },
  backups: {
    operationId: 'getBackups',
    summary: 'What is backed up, how far each store is, and what went wrong',
    description: 'As this agent sees it; the one that leads backs up, and knows most.',
    responses: { 200: json('Backups as they are now.', 'Backups'), 503: problem('No store is configured.') },
  },
  openapi: {
    operationId: 'getOpenApi',
    summary: 'This document',
    responses: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  },
} as const satisfies Readonly<Record<string, OperationDocument>>;

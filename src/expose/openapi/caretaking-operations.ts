import type { OperationDocument } from '../http/route.ts';
import { json, jsonBody, problem } from './contents.ts';

const notNow = problem(
  'Not now: this agent takes no part in acting, nobody leads, or etcd does not answer. With JOURNAL_UNCERTAIN it may have been done all the same.',
);
const wrong = problem('The body is not as it has to be; the detail says what is allowed.');
const refusals = {
  400: wrong,
  413: problem('The body is larger than 16 KiB.'),
  415: problem('The body is not application/json.'),
  503: notNow,
};

/** What each route of acting is, for the API document. */
export const caretakingOperations = {
  decisions: {
    operationId: 'getDecisions',
    summary: 'What each policy decided last, and why',
    description: 'Of the agent that leads, whichever agent is asked.',
    responses: { 200: json('The newest decisions, with all reasons.', 'Decisions'), 503: notNow },
  },
  operations: {
    operationId: 'getOperations',
    summary: 'The operation under way, what waits, and the last 50 that have ended',
    responses: { 200: json('As this agent sees the journal.', 'Operations'), 503: notNow },
  },
  request: {
    operationId: 'postOperation',
    summary: 'Ask for an operation',
    description:
      'It passes thresholds, windows, cool-downs and the daily budget, never what keeps the cluster safe. The answer is in the history of `GET /api/v1/operations`, under the same id.',
    requestBody: jsonBody('OperationWish'),
    responses: {
      200: json('With `dryRun`: what would be decided now.', 'Decision'),
      202: json('It is asked for. `id` is that of the operation and of its entry in the history.', 'RequestId'),
      409: problem('With `dryRun`: another agent leads, and would have to be asked.'),
      ...refusals,
    },
  },
  pause: {
    operationId: 'postPause',
    summary: 'Hold all operations in the whole cluster for a while',
    description: 'An operation under way stops before its next step. A new pause replaces a former one.',
    requestBody: jsonBody('PauseWish'),
    responses: { 200: json('Everything is paused.', 'Paused'), ...refusals },
  },
  resume: {
    operationId: 'deletePause',
    summary: 'End the pause, and close all breakers',
    requestBody: jsonBody('ResumeWish', false),
    responses: { 200: json('Nothing is paused; failures before now no longer count.', 'Resumed'), ...refusals },
  },
  nudge: {
    operationId: 'postNudge',
    summary: 'Have the leader look now',
    description:
      'Agents say so to each other when the data of their member are gone or broken. It carries nothing: the leader asks everybody, as in any of its rounds, and heeds four in a row and then one in 5 s.',
    responses: {
      200: json('Whether this agent leads and looks now; else it is seen in the next round of the leader.', 'Nudged'),
      503: notNow,
    },
  },
} as const satisfies Readonly<Record<string, OperationDocument>>;

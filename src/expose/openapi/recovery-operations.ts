import type { OperationDocument } from '../http/route.ts';
import { json, jsonBody, problem } from './contents.ts';

const notHere = problem('This agent starts no member, and takes no part in recoveries.');
const refused = problem('It is not to be done now; the code begins with RECOVERY_.');
const wrong = problem('The body is not as it has to be.');
const refusals = { 400: wrong, 409: refused, 413: wrong, 415: wrong, 503: notHere };
const betweenAgents = 'For the agents among each other.';
const done = json('It is so now.', 'Nothing');

/** What each route of a recovery is, for the API document. */
export const recoveryOperations = {
  evidence: {
    operationId: 'getRecovery',
    summary: 'What this agent knows of its member and of a lost quorum, without etcd',
    responses: { 200: json('What it sees, and what it has promised.', 'RecoveryEvidence'), 503: notHere },
  },
  plan: {
    operationId: 'postRecoveryPlan',
    summary: 'What would be done about a lost quorum, and what may be missing afterwards',
    description: 'It asks all agents and the stores, and changes nothing.',
    requestBody: jsonBody('RecoveryWish'),
    responses: { 200: json('The plan, with all reasons.', 'RecoveryPlan'), ...refusals },
  },
  run: {
    operationId: 'postRecoveryRun',
    summary: 'Recover the cluster, or go on with a recovery that was begun',
    description: 'How far it is, `GET /api/v1/recovery` of the same agent says under `run`.',
    requestBody: jsonBody('RecoveryWish'),
    responses: { 200: json('It has begun.', 'RecoveryBegun'), ...refusals },
  },
  prepare: {
    operationId: 'postRecoveryPrepare',
    summary: 'Promise a plan, and no other one',
    description: betweenAgents,
    requestBody: jsonBody('AgreedPlan'),
    responses: { 200: done, ...refusals },
  },
  step: {
    operationId: 'postRecoveryStep',
    summary: 'Begin a step of the promised plan',
    description: betweenAgents,
    requestBody: jsonBody('RecoveryStep'),
    responses: { 200: done, ...refusals },
  },
  abandon: {
    operationId: 'postRecoveryAbandon',
    summary: 'Give a promise back, as long as nothing was seeded',
    description: betweenAgents,
    requestBody: jsonBody('RecoveryAbandon'),
    responses: { 200: done, ...refusals },
  },
} as const satisfies Readonly<Record<string, OperationDocument>>;

import { operationNames } from '../../cluster/caretaking.ts';
import { integer, list, number, object, ref, type Schema, text, truth } from './schema-parts.ts';

const time = { type: 'number', description: 'Wall clock, in ms since the epoch.' };
const isoTime = { type: 'string', format: 'date-time' };
const operation = { type: 'string', enum: [...operationNames] };
const memberId = { type: 'string', description: 'Id of a member.' };
const version = { type: 'string', description: 'Of an upgrade: the version of etcd, such as `3.5.30`.' };
const rehearse = { type: 'boolean', description: 'Of an upgrade: it is tried first, on restored data.' };
const anything = { type: 'object', additionalProperties: true };
const by = { type: 'string', description: 'By what the caller showed, and in brackets what it says of itself.' };
const wishBy = { type: 'string', description: 'Who asks, for the history; nobody checks it.' };
const named = { id: text, name: { type: 'string', description: 'Its name, or its id where it has none yet.' } };

/** The shapes of acting: those of `cluster/caretaking.ts`, `caretaking-ports.ts` and `status-caretaking.ts`. */
export const caretakingSchemas: Readonly<Record<string, Schema>> = {
  Reason: object({ code: { type: 'string', description: 'Stable and machine readable.' }, message: text }),
  Action: object({ operation, targets: list(memberId), parameters: anything }),
  Decision: object({
    policy: operation,
    decision: {
      type: 'string',
      enum: ['act', 'plan', 'hold'],
      description:
        'act: it is done now. plan: it would be done, but something keeps the agents from acting. hold: it should not be done now.',
    },
    reasons: { ...list(ref('Reason')), minItems: 1 },
    'action?': ref('Action'),
    'page?': { type: 'boolean', description: 'A person has to look at it.' },
    'makesSafe?': { type: 'boolean', description: 'It only takes away a danger that stands already.' },
    'requestedBy?': by,
  }),
  LeaderRecord: object({ memberId, member: text, instance: text, epoch: ref('Int64'), sinceMs: time }),
  ArmedRecord: object({ atMs: time, epoch: ref('Int64'), members: list(memberId) }),
  PauseRecord: object({ reason: text, by, atMs: time, untilMs: time }),
  JournaledStep: object({ name: text, 'memberId?': memberId, atMs: time, 'detail?': text }),
  Slot: object({
    id: text,
    operation: { type: 'string', description: 'One of this version, or one that only a newer version knows.' },
    operationVersion: integer,
    targets: list(memberId),
    phase: text,
    epoch: ref('Int64'),
    holder: memberId,
    startedAtMs: time,
    phaseAtMs: time,
    reasons: list(text),
    'requestedBy?': by,
    parameters: anything,
    progress: anything,
    steps: list(ref('JournaledStep')),
  }),
  RequestRecord: object({
    id: text,
    operation: text,
    'target?': memberId,
    'to?': version,
    'rehearse?': rehearse,
    by,
    atMs: time,
  }),
  HistoryEntry: object({
    revision: ref('Int64'),
    id: text,
    operation: { type: 'string', description: 'An operation, or `pause`, `resume`.' },
    outcome: { type: 'string', enum: ['succeeded', 'stopped', 'failed', 'refused'] },
    epoch: ref('Int64'),
    holder: memberId,
    targets: list(memberId),
    startedAtMs: time,
    endedAtMs: time,
    seconds: number,
    reasons: list(text),
    summary: text,
    'code?': text,
    'requestedBy?': by,
    steps: list(ref('JournaledStep')),
    figures: { type: 'object', additionalProperties: number },
  }),
  Decisions: object({
    'leader?': ref('LeaderRecord'),
    'decidedAtMs?': time,
    decisions: list(ref('Decision')),
    'armed?': ref('ArmedRecord'),
    'arming?': { type: 'string', description: 'While they are not armed: what is waited for.' },
    'pause?': ref('PauseRecord'),
    'slot?': ref('Slot'),
  }),
  Operations: object({
    'slot?': ref('Slot'),
    requests: { ...list(ref('RequestRecord')), description: 'Oldest first.' },
    history: { ...list(ref('HistoryEntry')), description: 'Newest first.' },
  }),
  OperationWish: {
    ...object({
      operation,
      'member?': { type: 'string', description: 'Name or id of a member. Left out: those that need it.' },
      'to?': version,
      'rehearse?': rehearse,
      'dryRun?': { type: 'boolean', description: 'Only say what would be decided.' },
      'by?': wishBy,
    }),
    additionalProperties: false,
  },
  RequestId: object({ id: text }),
  PauseWish: {
    ...object({
      reason: { type: 'string', minLength: 1, maxLength: 500 },
      for: { type: 'string', description: 'From 1m to 30d, such as `2h` or `1h30m`.' },
      'by?': wishBy,
    }),
    additionalProperties: false,
  },
  Paused: object({ by, reason: text, seconds: number }),
  ResumeWish: { ...object({ 'by?': wishBy }), additionalProperties: false },
  Resumed: object({ by }),
  Nudged: object({ heeded: { type: 'boolean' } }),
  StatusOperation: object({
    id: text,
    operation: text,
    targets: list(object(named)),
    step: { type: 'string', description: 'The newest step: announced, and perhaps made.' },
    'stepMember?': object(named),
    'detail?': text,
    startedAt: isoTime,
    stepAt: isoTime,
    holder: object(named),
    'requestedBy?': by,
  }),
  /** What an observation has of acting: this agent's own part only. */
  OwnCaretaking: object({
    leads: truth,
    'epoch?': ref('Int64'),
    registered: truth,
    journalConnected: truth,
    faults: list(ref('Fault')),
    'localPause?': text,
    'readySeconds?': number,
    'decidedAtMs?': time,
    decisionCounts: list(object({ policy: operation, decision: text, reason: text, count: integer })),
    operationCounts: list(object({ operation: text, outcome: text, count: integer })),
    operationDurations: list(object({ operation: text, seconds: ref('Histogram') })),
    drillFailures: list(object({ reason: text, count: integer })),
    'notifyCounts?': list(object({ receiver: text, failures: integer, dropped: integer })),
  }),
};

/** What a status has of acting. */
export const statusCaretakingProperties: Readonly<Record<string, Schema>> = {
  'leader?': object({ ...named, epoch: ref('Int64'), own: truth }),
  'operation?': ref('StatusOperation'),
  'paused?': object({ reason: text, by, until: isoTime }),
  'pausedHere?': { type: 'string', description: 'Why this agent is paused by the file beside it.' },
  'armed?': truth,
  'agents?': list(object({ ...named, version: text, 'url?': text })),
  'journalConnected?': truth,
};

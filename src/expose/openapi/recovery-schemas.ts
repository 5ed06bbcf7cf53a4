import { recoverySteps } from '../../cluster/recovery.ts';
import { recoveryStates } from '../../cluster/recovery-view.ts';
import { integer, list, object, ref, type Schema, text, truth } from './schema-parts.ts';

const time = { type: 'number', description: 'Wall clock, in ms since the epoch.' };
const step = { type: 'string', enum: [...recoverySteps] };
const lost = { ...list(text), description: 'Names of members that a person has given up.' };
const anything = { type: 'object', additionalProperties: true };

/** The shapes of a recovery: those of `cluster/recovery.ts` and `recovery-ports.ts`. */
export const recoverySchemas: Readonly<Record<string, Schema>> = {
  Nothing: object({}),
  RecoveryWish: {
    ...object({
      'lost?': lost,
      'to?': { type: 'string', enum: ['latest'], description: 'Go back to the newest revision that a store has.' },
      'toRevision?': { ...ref('Int64'), description: 'Go back to this revision.' },
      'toTimeMs?': { type: 'number', description: 'Go back to what was seen until then, in ms since the epoch.' },
      'beforeDelete?': { type: 'string', description: 'Go back to before the last revision that deleted this key.' },
      'store?': { type: 'string', description: 'URL of the store that is to be taken, one of backup.store.' },
    }),
    additionalProperties: false,
  },
  RecoveryBegun: object({ planId: text }),
  RecoveryStep: object({ planId: text, step }),
  RecoveryAbandon: object({ planId: text }),
  StoreReach: object({
    url: text,
    oldestRevision: ref('Int64'),
    revision: ref('Int64'),
    atMs: time,
    'writeRate?': object({ perSecond: { type: 'number' }, overMs: { type: 'number' } }),
    'chain?': object({ timeline: text, 'clusterId?': text, 'begunAtMs?': time }),
  }),
  LossBound: object({
    revisions: ref('Int64'),
    'seconds?': { type: 'number', description: 'Absent where nobody can say.' },
    basis: text,
  }),
  UnattendedRecovery: object({
    mode: { type: 'string', enum: ['manual', 'auto'] },
    afterMs: { type: 'number', description: 'How long the quorum must have been lost for `auto`.' },
  }),
  Recovery: object({
    unattended: ref('UnattendedRecovery'),
    state: { type: 'string', enum: [...recoveryStates] },
    reasons: list(ref('Reason')),
    'lostAtMs?': time,
    'last?': object({
      planId: text,
      outcome: { type: 'string', enum: ['succeeded', 'failed'] },
      endedAtMs: time,
      'fault?': ref('Fault'),
    }),
    ended: object({ succeeded: integer, failed: integer }),
    doubts: { ...list(ref('Reason')), description: 'What would be in the way of a recovery.' },
  }),
  RecoveryPlan: object({
    kind: {
      type: 'string',
      enum: ['none-needed', 'seed-from-member', 'seed-from-store', 'hold', 'impossible'],
    },
    reasons: { ...list(ref('Reason')), minItems: 1 },
    'start?': { ...list(text), description: 'Members whose process has to be started.' },
    'seed?': { type: 'string', description: 'The member that the cluster begins with again.' },
    'bound?': ref('LossBound'),
    'store?': ref('StoreReach'),
    'toRevision?': ref('Int64'),
  }),
  AgreedPlan: object({
    kind: { type: 'string', enum: ['seed-from-member', 'seed-from-store'] },
    id: text,
    atMs: time,
    seed: text,
    heard: list(object({ name: text, agentUrl: text, peerUrl: text, 'instance?': text })),
    lost: list(object({ name: text, urls: list(text) })),
    'clusterId?': text,
    'store?': ref('StoreReach'),
    'toRevision?': ref('Int64'),
    bound: ref('LossBound'),
  }),
  RecoveryEvidence: object({
    member: text,
    'peerUrl?': text,
    'etcdVersion?': text,
    quorum: { type: 'string', enum: ['holds', 'lost', 'unknown'] },
    'quorumLostAtMs?': time,
    'instance?': { type: 'string', description: 'A random word of each start of an agent.' },
    'unattended?': ref('UnattendedRecovery'),
    own: anything,
    'list?': object({
      clusterId: text,
      atMs: time,
      'raftIndex?': ref('Int64'),
      members: list(object({ id: text, name: text, peerUrls: list(text), isLearner: truth })),
    }),
    'gasp?': anything,
    sightings: list(object({ atMs: time, revision: ref('Int64'), 'raftIndex?': ref('Int64') })),
    'promise?': object({
      planId: text,
      promisedAtMs: time,
      'endedAtMs?': time,
      plan: ref('AgreedPlan'),
      steps: anything,
    }),
    'run?': object({
      planId: text,
      plan: ref('AgreedPlan'),
      outcome: { type: 'string', enum: ['running', 'succeeded', 'failed'] },
      'fault?': ref('Fault'),
      progress: list(object({ member: text, step: text, state: text, 'detail?': text })),
    }),
  }),
};

import { seriesNames } from '../live/words.ts';
import { list, number, object, ref, type Schema, text } from './schema-parts.ts';

const isoTime = { type: 'string', format: 'date-time' };
const memberId = { type: 'string', description: 'Id of a member.' };
const seconds = { type: 'number', description: 'Wall clock, seconds since 1970.' };
const values: Schema = list({ type: ['number', 'null'] });
const value: Schema = { type: ['number', 'null'] };
const perSeries = (schema: Schema): Schema => object(Object.fromEntries(seriesNames.map((name) => [name, schema])));
const byPeer = (schema: Schema): Schema => ({
  type: 'object',
  description: 'By the name of the other member.',
  additionalProperties: schema,
});
const orFault = (schema: Schema): Schema => ({ anyOf: [schema, ref('PartFault')] });

const brief: Readonly<Record<string, Schema>> = {
  member: text,
  'memberId?': memberId,
  agentVersion: text,
  observedAt: isoTime,
  'etcdStartedAt?': isoTime,
  latency: object({
    'walFsyncP99Seconds?': number,
    'backendCommitP99Seconds?': number,
    'linearizableReadSeconds?': number,
  }),
  disks: list(
    object({
      role: { type: 'string', enum: ['wal', 'data'] },
      'device?': text,
      'model?': text,
      'sizeBytes?': number,
      'availableBytes?': number,
      'busyRatio?': { type: 'number', description: 'Share of the last interval in which the device had work.' },
      'writesPerSecond?': number,
    }),
  ),
  'quota?': ref('Quota'),
  'certificate?': {
    ...object({ role: text, subject: text, notAfter: isoTime }),
    description: 'The one that ends first.',
  },
  peers: list(
    object({
      member: text,
      memberId,
      'rttSeconds?': number,
      'fault?': { type: 'string', description: 'Why there is no round trip.' },
      'clockSkewSeconds?': number,
    }),
  ),
  causes: list(ref('Cause')),
};

/** The shapes of what is shown live: those of `live/words.ts`. */
export const liveSchemas: Readonly<Record<string, Schema>> = {
  MemberBrief: object(brief),
  Member: object({ ...brief, 'sample?': ref('HistorySample') }),
  History: object({
    member: text,
    'memberId?': memberId,
    stepSeconds: { type: 'number', description: 'No two samples are closer than this.' },
    times: { ...list(seconds), description: 'Ascending.' },
    series: { ...perSeries(values), description: 'Each as long as `times`; null where nothing was known.' },
    rttSeconds: byPeer(values),
  }),
  HistorySample: object({ member: text, time: seconds, series: perSeries(value), rttSeconds: byPeer(value) }),
  MemberSight: object({
    memberId,
    member: text,
    own: { type: 'boolean', description: 'The agent that answers stands beside it.' },
    'url?': { type: 'string', description: 'Where its agent answers.' },
    'brief?': { ...ref('MemberBrief'), description: 'As it was last had, however old.' },
    'silentSince?': { ...isoTime, description: 'Since when its agent does not answer.' },
    'fault?': object({ code: text, message: text, 'remedy?': text }),
  }),
  ClusterChange: object({
    at: isoTime,
    kind: text,
    'member?': text,
    by: {
      type: 'string',
      enum: ['caretaker', 'others'],
      description:
        'caretaker: an operation of the agents, named in the message. others: nothing of theirs was under way.',
    },
    message: text,
  }),
  PartFault: object({ fault: object({ code: text, message: text }) }),
  StreamParts: object({
    status: ref('Status'),
    members: list(ref('MemberSight')),
    decisions: orFault(ref('Decisions')),
    operations: orFault(ref('Operations')),
    backups: orFault(ref('Backups')),
    keyspace: orFault(ref('Keyspace')),
    changes: { ...list(ref('ClusterChange')), description: 'Newest first.' },
    history: list(ref('History')),
    'sample?': ref('HistorySample'),
  }),
};

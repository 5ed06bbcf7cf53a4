type Schema = Readonly<Record<string, unknown>>;

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const text = { type: 'string' };
const number = { type: 'number' };
const integer = { type: 'integer' };
const truth = { type: 'boolean' };
const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object; properties whose names end in `?` may be absent. Later versions may add properties. */
function object(properties: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(properties);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
  };
}

/** The shapes of the replies: those of `status.ts`, `cluster/observation.ts` and `cluster/sections.ts`. */
export const schemas: Readonly<Record<string, Schema>> = {
  Int64: { type: 'string', pattern: '^-?[0-9]+$', description: 'A 64-bit integer as decimal text.' },
  ExtendedNumber: {
    anyOf: [{ type: 'number' }, { type: 'string', enum: ['+Inf', '-Inf', 'NaN'] }],
    description: 'A number that may be infinite.',
  },
  Problem: object({
    type: text,
    title: text,
    status: integer,
    code: { type: 'string', description: 'Stable and machine readable.' },
    detail: { type: 'string', description: 'What is wrong, and what to do.' },
  }),
  Fault: object({ code: text, message: text, 'member?': text, 'remedy?': text }),
  Finding: object({
    code: text,
    severity: { type: 'string', enum: ['info', 'warning', 'critical'] },
    message: text,
    remedy: text,
    'collector?': text,
  }),
  Alarm: object({ memberId: text, member: text, alarm: { type: 'string', enum: ['NOSPACE', 'CORRUPT'] } }),
  Quota: object({
    'quotaBytes?': number,
    quotaSource: { type: 'string', enum: ['status', 'metrics', 'flag', 'default', 'disabled', 'unknown'] },
    dbSizeBytes: number,
    dbSizeInUseBytes: number,
    'usedRatio?': number,
    fragmentationRatio: number,
    'growthBytesPerSecond?': number,
    'fullInSeconds?': ref('ExtendedNumber'),
  }),
  StatusMember: object({
    id: text,
    name: { type: 'string', description: 'Empty until it has been started once.' },
    own: { type: 'boolean', description: 'The agent that answers stands beside it.' },
    role: { type: 'string', enum: ['leader', 'follower', 'learner', 'unstarted', 'unknown'] },
    voter: truth,
    reachable: truth,
    healthy: truth,
    'fault?': object({ code: text, message: text }),
    'version?': text,
    'revision?': ref('Int64'),
    'revisionLag?': ref('Int64'),
    'raftIndex?': ref('Int64'),
    'raftIndexLagEntries?': ref('Int64'),
    'dbSizeBytes?': number,
    'dbSizeInUseBytes?': number,
    clientUrls: list(text),
    peerUrls: list(text),
  }),
  Status: object({
    agent: object({
      version: text,
      member: text,
      'observedAt?': { type: 'string', format: 'date-time' },
      rounds: integer,
    }),
    cluster: object({
      name: text,
      'id?': text,
      'raftTerm?': ref('Int64'),
      'leader?': object({ id: text, name: text }),
      'linearizable?': truth,
      'listAgeSeconds?': { type: 'number', minimum: 0, description: "Of a list from the agent's memory." },
    }),
    'quorum?': object({
      voters: integer,
      learners: integer,
      votersReachable: integer,
      size: integer,
      holds: truth,
      faultTolerance: { type: 'integer', minimum: 0, description: 'Voters that may still be lost.' },
    }),
    'ownMember?': object({
      state: { type: 'string', enum: ['healthy', 'no-quorum', 'nospace', 'corrupt', 'learner'] },
      summary: text,
    }),
    members: list(ref('StatusMember')),
    alarms: list(ref('Alarm')),
    'quota?': ref('Quota'),
    'latency?': object({ 'walFsyncP99Seconds?': number, 'backendCommitP99Seconds?': number }),
    findings: list(ref('Finding')),
    faults: list(object({ collector: text, code: text, message: text, 'member?': text, 'remedy?': text })),
  }),
  Histogram: object({ edges: list(number), counts: list(integer), sum: number, count: integer }),
  Reading: object({
    observedAtMs: { type: 'number', description: 'Wall clock at the start of the collection, in ms since the epoch.' },
    durationSeconds: number,
    'value?': { type: 'object', description: 'Absent when the collector failed.' },
    'fault?': ref('Fault'),
  }),
  Observation: object({
    member: text,
    cluster: text,
    agentVersion: text,
    observedAtMs: number,
    observedAtMonotonicMs: {
      type: 'number',
      description: "The same on the agent's own clock, which only runs forward.",
    },
    rounds: integer,
    collectors: { type: 'object', additionalProperties: object({ success: truth, durations: ref('Histogram') }) },
    sections: {
      type: 'object',
      description: 'By the name of the collector: member, cluster, wal, quota, disk and so on.',
      additionalProperties: ref('Reading'),
    },
  }),
  Keyspace: object({
    phase: { type: 'string', enum: ['waiting', 'scanning', 'current'] },
    'waitingFor?': { type: 'string', description: 'Why it waits, or why the scan pauses.' },
    'heldBy?': object({ memberId: text, member: text }),
    scannedKeys: integer,
    'revision?': ref('Int64'),
    depth: integer,
    'totalKeys?': integer,
    'totalBytes?': integer,
    prefixes: list(ref('PrefixTotals')),
    levels: list(object({ depth: integer, prefixes: list(ref('PrefixTotals')) })),
  }),
  PrefixTotals: object({ prefix: text, keys: integer, bytes: integer, writes: integer, writesPerSecond: number }),
};

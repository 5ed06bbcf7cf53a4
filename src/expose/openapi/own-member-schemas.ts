import { integer, list, number, object, ref, type Schema, text } from './schema-parts.ts';

/** The shapes of `cluster/own-member.ts`. */
export const ownMemberSchemas: Readonly<Record<string, Schema>> = {
  OwnMember: object({
    kind: { type: 'string', enum: ['none', 'child', 'systemd', 'static-pod', 'statefulset'] },
    process: object({
      state: { type: 'string', enum: ['running', 'stopped', 'unknown'] },
      'pid?': integer,
      'adopted?': { type: 'boolean', description: 'An earlier agent, or somebody else, has started it.' },
      'end?': object({
        how: text,
        cause: { type: 'string', description: 'Why it ended, as its exit and the end of its log tell.' },
        'evidence?': text,
        'differsFrom?': {
          ...list(text),
          description:
            'Peer URLs of members that have other data, all of them the same, as etcd found when it was started.',
        },
        atMs: number,
      }),
      'reason?': text,
    }),
    dataDir: object({
      state: { type: 'string', enum: ['empty', 'intact', 'corrupt', 'unreadable'] },
      'clusterId?': text,
      'memberId?': text,
      'raftTerm?': ref('Int64'),
      'commitIndex?': ref('Int64'),
      'lastIndex?': ref('Int64'),
      'lastTerm?': ref('Int64'),
      'part?': { type: 'string', enum: ['wal', 'database', 'layout'] },
      'problem?': text,
    }),
    bootstrapped: { type: 'boolean', description: 'It has been a member before.' },
    'bootstrapping?': { type: 'boolean', description: 'It begins a cluster, and no quorum has answered yet.' },
    'identity?': object({ clusterId: text, memberId: text }),
    'boot?': object({
      action: { type: 'string', enum: ['start', 'bootstrap', 'join', 'stay-out', 'refuse', 'wait'] },
      reasons: list(object({ code: text, message: text })),
    }),
    'peerUrl?': text,
    restarts: integer,
    'vainStarts?': { type: 'integer', description: 'Starts since it last ran for ten minutes, or has other data.' },
    'damagedEnds?': { ...integer, description: 'At how many ends in a row etcd has called its data damaged.' },
    'differedAtMs?': { ...number, description: "When etcd has last ended since these data differ from its peers'." },
    quarantine: list(object({ path: text, reason: text, atMs: number, bytes: integer })),
  }),
};

import { integer, list, number, object, ref, type Schema, text, truth } from './schema-parts.ts';

/** The shapes of backups: those of `cluster/backup-view.ts` and `cluster/last-gasp-view.ts`. */
export const backupSchemas: Readonly<Record<string, Schema>> = {
  Backups: object({
    working: { type: 'boolean', description: 'It is this agent that backs up: the one that leads does.' },
    'timeline?': text,
    'fault?': ref('Fault'),
    'captureFault?': ref('Fault'),
    'fullUnderWay?': {
      type: 'string',
      enum: ['first', 'schedule', 'chain-broken', 'auth-changed', 'asked'],
      description: 'Why a full snapshot is being taken now.',
    },
    'newestFull?': object({ revision: ref('Int64'), startedAtMs: number }),
    'spool?': object({
      ...{ bytes: integer, maxBytes: integer, durable: truth },
      unprotected: object({ seconds: number, revisions: ref('Int64') }),
    }),
    kinds: list(ref('BackupKind')),
    stores: list(ref('BackupStore')),
    'fullIntervalSeconds?': number,
    'drillIntervalSeconds?': number,
  }),
  BackupPoints: object({
    stores: list(
      object({
        ...{ store: text, 'timeline?': text, readAt: text },
        fulls: list(object({ revision: ref('Int64'), at: text, bytes: integer })),
        stretches: list(object({ fromRevision: ref('Int64'), toRevision: ref('Int64'), from: text, to: text })),
        'fault?': object({ code: text, message: text }),
      }),
    ),
    commands: list({
      type: 'string',
      description:
        'For each store in turn; `{time}` stands for the time to restore to. Empty where the store has nothing.',
    }),
  }),
  LastGasp: object({
    dir: { type: 'string', description: 'Where it is kept, on the machine of the agent.' },
    quorumLost: truth,
    underWay: truth,
    'newest?': object({
      path: text,
      source: { type: 'string', enum: ['snapshot', 'database-file', 'data-dir'] },
      takenAtMs: number,
      bytes: integer,
      'revision?': ref('Int64'),
      'keys?': integer,
    }),
    'fault?': ref('Fault'),
    failures: list(object({ reason: text, count: integer })),
  }),
  BackupKind: object({
    kind: { type: 'string', enum: ['full', 'delta', 'verify'] },
    'lastSuccessAtMs?': number,
    'lastRevision?': ref('Int64'),
    bytes: integer,
    'durationSeconds?': ref('Histogram'),
    failures: list(object({ reason: text, count: integer })),
  }),
  BackupStore: object({
    url: text,
    'storedRevision?': ref('Int64'),
    'unprotected?': object({ seconds: number, revisions: ref('Int64') }),
    'objects?': integer,
    'bytes?': integer,
    'provenAtMs?': number,
    'fault?': ref('Fault'),
    requests: object({ put: integer, get: integer, head: integer, list: integer, delete: integer }),
  }),
};

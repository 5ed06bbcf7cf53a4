import type { BackupView } from '../../../src/cluster/backup-view.ts';
import type { LastGaspView } from '../../../src/cluster/last-gasp-view.ts';

/** Backups as a leading agent sees them, with everything that there can be. */
export const fullBackups: BackupView = {
  working: true,
  timeline: '0011223344556677',
  captureFault: { code: 'ETCD_UNREACHABLE', message: 'The watch broke.', member: 'm1', remedy: 'Look at the member.' },
  fullUnderWay: 'schedule',
  newestFull: { revision: 4000n, startedAtMs: Date.UTC(2026, 0, 2, 0, 17) },
  spool: { bytes: 4096, maxBytes: 33_554_432, durable: false, unprotected: { seconds: 0.5, revisions: 3n } },
  kinds: [
    {
      kind: 'full',
      lastSuccessAtMs: Date.UTC(2026, 0, 2, 0, 18),
      lastRevision: 4000n,
      bytes: 1_000_000,
      durationSeconds: { edges: [1, 10], counts: [0, 2], sum: 9, count: 2 },
      failures: [{ reason: 'STORE_FULL', count: 1 }],
    },
    { kind: 'delta', lastSuccessAtMs: Date.UTC(2026, 0, 2, 3, 4), lastRevision: 4700n, bytes: 20_000, failures: [] },
    { kind: 'verify', bytes: 0, failures: [] },
  ],
  stores: [
    {
      url: 's3://backups/etcd',
      storedRevision: 4700n,
      unprotected: { seconds: 1.5, revisions: 11n },
      objects: 120,
      bytes: 9_000_000,
      provenAtMs: Date.UTC(2026, 0, 2, 3),
      fault: { code: 'STORE_UNREACHABLE', message: 'The store does not answer.', remedy: 'Look at the network.' },
      requests: { put: 100, get: 20, head: 3, list: 10, delete: 40 },
    },
  ],
  fullIntervalSeconds: 21_600,
  drillIntervalSeconds: 86_400,
};

/** Of an agent that has kept what its member had, and could not keep it again. */
export const fullLastGasp: LastGaspView = {
  dir: '/var/lib/etcd.last-gasp',
  quorumLost: true,
  underWay: true,
  newest: {
    path: '/var/lib/etcd.last-gasp/m1-001122334455-20260102T030000Z-00112233',
    source: 'snapshot',
    takenAtMs: Date.UTC(2026, 0, 2, 3),
    bytes: 2_000_000,
    revision: 4710n,
    keys: 300,
  },
  fault: { code: 'LAST_GASP_NO_ROOM', message: '1.0 MiB are free.', remedy: 'Make room.' },
  failures: [{ reason: 'LAST_GASP_NO_ROOM', count: 2 }],
};

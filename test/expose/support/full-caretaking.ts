import type { HistoryEntry, Slot } from '../../../src/cluster/caretaking.ts';
import type { CaretakingView } from '../../../src/cluster/caretaking-view.ts';

const ids = { m1: '8e9e05c52164694d', m2: '91bc3c398fb3c146' };
const versions = { nospace: 1, compaction: 1, defrag: 1, 'move-leader': 1, 'hash-check': 1 };

/** An operation under way, at its second step. */
export const slot: Slot = {
  id: 'op-7',
  operation: 'defrag',
  operationVersion: 1,
  targets: [ids.m1, ids.m2],
  phase: 'defragment',
  epoch: 12n,
  holder: ids.m1,
  startedAtMs: Date.UTC(2026, 0, 2, 3, 3, 0),
  phaseAtMs: Date.UTC(2026, 0, 2, 3, 4, 0),
  reasons: ['m1 can give back 40 MiB (50 %)'],
  requestedBy: 'token (ada@db1)',
  parameters: { reclaimableBytes: '41943040' },
  progress: { done: [] },
  steps: [
    { name: 'check', atMs: Date.UTC(2026, 0, 2, 3, 3, 1) },
    {
      name: 'defragment',
      memberId: ids.m1,
      atMs: Date.UTC(2026, 0, 2, 3, 4, 0),
      detail: 'm1, 80 MiB, about 3 s',
    },
  ],
};

/** One that has ended. */
export const ended: HistoryEntry = {
  revision: 4600n,
  id: 'op-6',
  operation: 'compaction',
  outcome: 'failed',
  epoch: 11n,
  holder: ids.m2,
  targets: [],
  startedAtMs: Date.UTC(2026, 0, 2, 2, 0, 0),
  endedAtMs: Date.UTC(2026, 0, 2, 2, 0, 4),
  seconds: 4.2,
  reasons: ['12,000 revisions are older than 1 h'],
  summary: 'Etcd did not answer.',
  code: 'ETCD_TIMEOUT',
  steps: [{ name: 'compact', atMs: Date.UTC(2026, 0, 2, 2, 0, 1) }],
  figures: { revisions: 12_000 },
};

/** The agent beside m1 leads while an operation is under way, and everything that there can be is there. */
export const fullCaretaking: CaretakingView = {
  leads: true,
  epoch: 12n,
  leader: {
    memberId: ids.m1,
    member: 'm1',
    instance: 'i-1',
    epoch: 12n,
    sinceMs: Date.UTC(2026, 0, 2, 1, 0, 0),
  },
  registered: true,
  journalConnected: true,
  faults: [{ code: 'SPARES_MISSING', message: 'The spare epochs could not be laid by.', remedy: 'Look at etcd.' }],
  agents: [
    {
      memberId: ids.m1,
      member: 'm1',
      instance: 'i-1',
      url: 'https://m1.example:9379',
      version: '1.2.3',
      operations: versions,
      role: 'default',
      startedAtMs: 1,
    },
    {
      memberId: ids.m2,
      member: 'm2',
      instance: 'i-2',
      version: '1.2.2',
      operations: versions,
      role: 'arbiter',
      startedAtMs: 2,
    },
  ],
  slot,
  history: [ended],
  requests: [{ id: 'r-1', operation: 'compaction', target: ids.m2, by: 'CN=ops', atMs: 5 }],
  pause: {
    reason: 'the storage is being moved',
    by: 'token (ada@db1)',
    atMs: Date.UTC(2026, 0, 2, 3, 0, 0),
    untilMs: Date.UTC(2026, 0, 2, 5, 0, 0),
  },
  localPause: 'Paused here by bob: no quorum',
  armed: { atMs: Date.UTC(2026, 0, 1), epoch: 3n, members: [ids.m1, ids.m2] },
  readySeconds: 7200,
  judged: [
    { member: 'm2', verdict: 'partitioned', remedy: 'wait', message: 'm2 answers here, and not 1 of 2 observers' },
  ],
  decisions: [
    {
      policy: 'defrag',
      decision: 'act',
      reasons: [{ code: 'RECLAIMABLE', message: 'm1 can give back 40 MiB (50 %)' }],
      action: { operation: 'defrag', targets: [ids.m1, ids.m2], parameters: { reclaimableBytes: '41943040' } },
      requestedBy: 'token (ada@db1)',
    },
    {
      policy: 'compaction',
      decision: 'hold',
      reasons: [
        { code: 'BREAKER_OPEN', message: 'compaction has failed 3 times in a row' },
        { code: 'OLD_HISTORY', message: '12,000 revisions are older than 1 h' },
      ],
      page: true,
    },
  ],
  decidedAtMs: Date.UTC(2026, 0, 2, 3, 4, 4),
  decisionCounts: [
    { policy: 'defrag', decision: 'act', reason: 'RECLAIMABLE', count: 2 },
    { policy: 'compaction', decision: 'hold', reason: 'BREAKER_OPEN', count: 40 },
  ],
  operationCounts: [
    { operation: 'compaction', outcome: 'failed', count: 3 },
    { operation: 'defrag', outcome: 'succeeded', count: 1 },
  ],
  operationDurations: [
    { operation: 'compaction', seconds: { edges: [1, 10, 60], counts: [0, 3, 3], sum: 12.6, count: 3 } },
    { operation: 'defrag', seconds: { edges: [1, 10, 60], counts: [0, 0, 1], sum: 31, count: 1 } },
  ],
  hashCheck: { atMs: Date.UTC(2026, 0, 1, 12), mismatch: false },
  drill: { atMs: Date.UTC(2026, 0, 1, 3), restoreSeconds: 12.5 },
  drillFailures: [{ reason: 'DRILL_DIFFERS', count: 1 }],
  notifyCounts: [
    { receiver: 'alertmanager', failures: 2, dropped: 0 },
    { receiver: 'webhook', failures: 5, dropped: 1 },
  ],
};

import * as z from 'zod';
import type { Sections } from '../../cluster/sections.ts';
import { int64, number, settings, text, texts, truth } from './json-values.ts';

const finding = z.object({
  code: text,
  severity: z.enum(['info', 'warning', 'critical']),
  message: text,
  remedy: text,
});
const findings = z.array(finding);
const shortFault = z.object({ code: text, message: text });
const histogram = z.object({ edges: z.array(number), counts: z.array(number), sum: number, count: number });
const role = z.enum(['wal', 'data']);

const status = z.object({
  memberId: text,
  clusterId: text,
  version: text,
  revision: int64,
  raftTerm: int64,
  raftIndex: int64,
  raftAppliedIndex: int64,
  leaderId: text,
  isLeader: truth,
  isLearner: truth,
  dbSizeBytes: number,
  dbSizeInUseBytes: number,
  dbSizeQuotaBytes: number.exactOptional(),
  errors: texts,
});

const member = z.object({
  state: z.enum(['healthy', 'no-quorum', 'nospace', 'corrupt', 'learner']),
  summary: text,
  status,
  linearizableReadSeconds: number.exactOptional(),
  findings,
});

const cluster = z.object({
  clusterId: text,
  linearizable: truth,
  members: z.array(
    z.object({
      id: text,
      name: text,
      peerUrls: texts,
      clientUrls: texts,
      isLearner: truth,
      reachable: truth,
      fault: shortFault.exactOptional(),
      status: status.exactOptional(),
      raftIndexLagEntries: int64.exactOptional(),
      revisionLag: int64.exactOptional(),
      healthy: truth,
    }),
  ),
  alarms: z.array(z.object({ memberId: text, member: text, alarm: z.enum(['NOSPACE', 'CORRUPT']) })),
  voters: number,
  learners: number,
  votersReachable: number,
  quorumSize: number,
  raftTerm: int64,
  leaderId: text.exactOptional(),
  findings,
});

const wal = z.object({
  intervalSeconds: number.exactOptional(),
  walFsyncP99Seconds: number.exactOptional(),
  backendCommitP99Seconds: number.exactOptional(),
  walFsyncsInInterval: number.exactOptional(),
  backendCommitsInInterval: number.exactOptional(),
  defragInflight: truth.exactOptional(),
  compactRevision: int64.exactOptional(),
});

const quota = z.object({
  quotaBytes: number.exactOptional(),
  quotaSource: z.enum(['status', 'metrics', 'flag', 'default', 'disabled', 'unknown']),
  dbSizeBytes: number,
  dbSizeInUseBytes: number,
  usedRatio: number.exactOptional(),
  fragmentationRatio: number,
  growthBytesPerSecond: number.exactOptional(),
  fullInSeconds: number.exactOptional(),
});

const filesystem = z.object({
  filesystems: z.array(
    z.object({
      role,
      path: text,
      sizeBytes: number,
      availableBytes: number,
      files: number,
      filesFree: number,
      readOnly: truth,
    }),
  ),
  unresolved: z.array(z.object({ role, path: text, reason: text })).exactOptional(),
});

const process = z.object({
  pid: number,
  foundBy: z.enum(['data-dir', 'listening-socket']),
  startedAtMs: number,
  cpuSeconds: number,
  residentBytes: number,
  openFds: number.exactOptional(),
  maxFds: number.exactOptional(),
  readBytes: number.exactOptional(),
  writtenBytes: number.exactOptional(),
  settings,
  settingsIncomplete: truth.exactOptional(),
  unread: texts.exactOptional(),
});

const peers = z.object({
  peers: z.array(
    z.object({
      peer: text,
      peerId: text,
      url: text,
      probes: z.array(
        z.object({
          probe: z.enum(['tcp', 'tls', 'http']),
          latency: histogram,
          failures: number,
          lastSeconds: number.exactOptional(),
          fault: shortFault.exactOptional(),
          impossible: z.literal(true).exactOptional(),
        }),
      ),
      clockSkewSeconds: number.exactOptional(),
      clockSkewErrorSeconds: number.exactOptional(),
    }),
  ),
  findings,
});

const prefixes = z.array(
  z.object({ prefix: text, keys: number, bytes: number, writes: number, writesPerSecond: number }),
);

const keyspace = z.object({
  phase: z.enum(['waiting', 'scanning', 'current']),
  waitingFor: text.exactOptional(),
  heldBy: z.object({ memberId: text, member: text }).exactOptional(),
  scannedKeys: number,
  revision: int64.exactOptional(),
  depth: number,
  totalKeys: number.exactOptional(),
  totalBytes: number.exactOptional(),
  prefixes,
  levels: z.array(z.object({ depth: number, prefixes })),
});

/** The sections of which a `ClusterState` is made. */
export type RevivedSection = 'member' | 'cluster' | 'wal' | 'quota' | 'filesystem' | 'process' | 'peers' | 'keyspace';

/** How the JSON of each is read. Fields that are not named here are dropped. */
export const sectionSchemas: { readonly [K in RevivedSection]: z.ZodType<Sections[K]> } = {
  member,
  cluster,
  wal,
  quota,
  filesystem,
  process,
  peers,
  keyspace,
};

/** Why a reading has no value. */
export const faultSchema = z.object({
  code: text,
  message: text,
  member: text.exactOptional(),
  remedy: text.exactOptional(),
});

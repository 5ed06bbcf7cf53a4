import { join } from 'node:path';
import type { DataDirState } from '../../cluster/own-member.ts';
import { Damage } from '../damage.ts';
import { isThere } from '../places.ts';
import type { WalFile } from './files.ts';
import { readLog, type WalLog } from './log.ts';
import type { LogPosition } from './record.ts';
import { newestSnapshot } from './snapshot-files.ts';

type Standing = Pick<
  Extract<DataDirState, { state: 'intact' }>,
  'clusterId' | 'memberId' | 'raftTerm' | 'commitIndex' | 'lastIndex' | 'lastTerm'
>;

/** What stands beside the WAL, and how much of it to read. */
export interface LogSurroundings {
  /** At least one. */
  readonly files: readonly WalFile[];
  readonly snapDir: string;
  readonly depth: 'quick' | 'full';
  /** Raft index of the last change in the database, read before the WAL. */
  readonly applied: bigint;
  /** The same, read again: etcd may have gone on since. */
  readonly appliedNow: () => Promise<bigint>;
}

const BEGINNING: LogPosition = { index: 0n, term: 0n };

/** Where the raft log of a member ends. Throws `Damage` where etcd could not go on from it, or would have forgotten what it knew. */
export async function whereTheLogStands(
  { files, snapDir, depth, applied, appliedNow }: LogSurroundings,
  signal: AbortSignal,
): Promise<Standing> {
  const log = depth === 'full' ? await readLog(files, signal) : await newestPart(files, signal);
  const known = log.snapshots.filter(({ index }) => index <= log.commit);
  const start =
    depth === 'full' ? await startOf(log, { known, snapDir, appliedNow }, signal) : (newestOf(known) ?? BEGINNING);
  const { lastEntry = start } = log;
  const last = lastEntry.index > start.index ? lastEntry : start;
  if (log.commit > last.index) {
    throw new Damage('wal', `the WAL ends at raft index ${last.index}, and says that ${log.commit} was committed`);
  }
  if (applied > last.index) {
    throw new Damage(
      'wal',
      `the WAL ends at raft index ${last.index}, and the database holds changes up to ${applied}`,
    );
  }
  const { clusterId, memberId, term: raftTerm, commit: commitIndex } = log;
  return { clusterId, memberId, raftTerm, commitIndex, lastIndex: last.index, lastTerm: last.term };
}

/** The snapshot from which etcd reads the WAL on. */
async function startOf(
  log: WalLog,
  {
    known,
    snapDir,
    appliedNow,
  }: Pick<LogSurroundings, 'snapDir' | 'appliedNow'> & { readonly known: readonly LogPosition[] },
  signal: AbortSignal,
): Promise<LogPosition> {
  const start = (await newestSnapshot(snapDir, known, signal)) ?? BEGINNING;
  if (log.wholeFrom > start.index) {
    const after = start.index === 0n ? 'and no snapshot is there' : `the newest snapshot is of ${start.index}`;
    throw new Damage('wal', `the WAL has no entry of raft index ${log.wholeFrom}, ${after}`);
  }
  if (!log.snapshots.some(({ index, term }) => index === start.index && term === start.term)) {
    throw new Damage('wal', `the WAL does not know the snapshot of raft index ${start.index}`);
  }
  const received = `${start.index.toString(16).padStart(16, '0')}.snap.db`;
  const applied = await appliedNow();
  if (applied < start.index && !(await isThere(join(snapDir, received)))) {
    throw new Damage('database', `the database ends at raft index ${applied}, before the snapshot of ${start.index}`);
  }
  return start;
}

/** The newest file, and as many before it as it takes to find an entry. */
async function newestPart(files: readonly WalFile[], signal: AbortSignal): Promise<WalLog> {
  for (let count = 1; ; count += 1) {
    const log = await readLog(files.slice(-count), signal);
    if (log.lastEntry !== undefined || count >= files.length) return log;
  }
}

function newestOf(positions: readonly LogPosition[]): LogPosition | undefined {
  return positions.toSorted((a, b) => (a.index < b.index ? -1 : 1)).at(-1);
}

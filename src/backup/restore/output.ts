import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import type { EtcdBinaries } from '../../distribution/find-binaries.ts';
import { timeName } from '../names.ts';
import { clusterToken, type RestoredPoint } from './cluster-token.ts';
import { giveOwnerOf } from './owner.ts';
import { type DataDirIdentity, makeDataDir } from './restorer.ts';

/** One data dir, for one member. */
export interface DataDirOutput {
  readonly dataDir: string;
  /** Left out: the WAL is within the data dir. */
  readonly walDir?: string;
  /** The folder itself has to stay, as a mount point does: only `member` in it is replaced, and what is in the way goes into a folder inside. */
  readonly stays?: boolean;
  /** Without a token: one of its own for each point that is restored, so that the cluster is told from the one before it. */
  readonly identity: Omit<DataDirIdentity, 'initialClusterToken'> &
    Partial<Pick<DataDirIdentity, 'initialClusterToken'>>;
}

/** What becomes of what is in the way. */
export interface InTheWay {
  /** It is moved aside; else it is refused. */
  readonly quarantine: boolean;
  /** Throws where somebody uses what lies at one of these paths, as an etcd that runs does its data dir. */
  readonly refuseInUse?: (paths: readonly string[], signal: AbortSignal) => Promise<void>;
  /** What its name ends with then; default: `quarantine-<time>`. */
  readonly asideAs?: string;
}

/** Where the result of a restore goes. */
export type RestoreOutput =
  | { readonly kind: 'data-dirs'; readonly dirs: readonly DataDirOutput[] }
  | { readonly kind: 'snapshot'; readonly file: string };

/**
 * What stands in the way of an output, and is moved aside or refused before anything is done. Throws `DATA_DIR_EXISTS`,
 * `OUTPUT_EXISTS`, `WAL_DIR_MOUNTED`, and what `refuseInUse` does.
 */
export async function clearTheWay(
  output: RestoreOutput,
  { quarantine, refuseInUse }: InTheWay,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (const walDir of walDirsOf(output)) await refuseMount(walDir);
  const targets = targetsOf(output);
  const taken: string[] = [];
  for (const target of targets) if (await isTaken(target)) taken.push(target);
  const [first] = taken;
  if (first === undefined) return taken;
  if (!quarantine) throw exists(output, first);
  if (refuseInUse !== undefined) await refuseInUse(taken, signal);
  return taken;
}

/** All paths that an output makes. */
export function targetsOf(output: RestoreOutput): readonly string[] {
  if (output.kind === 'snapshot') return [output.file];
  return output.dirs.flatMap((dir) => (dir.walDir === undefined ? [placeOf(dir)] : [placeOf(dir), dir.walDir]));
}

/** What of a data dir is made, and put in its place by renaming. */
export function placeOf({ dataDir, stays = false }: Pick<DataDirOutput, 'dataDir' | 'stays'>): string {
  return stays ? join(dataDir, 'member') : dataDir;
}

/** Where the WALs go that lie elsewhere than their data dirs; each on the same device. */
export function walDirsOf(output: RestoreOutput): readonly string[] {
  return output.kind === 'snapshot' ? [] : output.dirs.flatMap(({ walDir }) => walDir ?? []);
}

export interface MakeOutput {
  readonly binaries: EtcdBinaries;
  /** A snapshot with etcd's hash at its end, or a member's database without one. */
  readonly source: { readonly file: string; readonly hasHash: boolean };
  readonly bumpRevisionBy?: bigint;
  /** What is restored. */
  readonly point: RestoredPoint;
  /** On the device of the targets. */
  readonly folder: string;
  /** On the device of the WALs, where they lie elsewhere. */
  readonly walFolder?: string;
}

/** Makes the output in a folder of its own; gives what is to be put where. */
export async function makeOutput(
  output: RestoreOutput,
  { binaries, source, bumpRevisionBy, point, folder, walFolder = folder }: MakeOutput,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>();
  if (output.kind === 'snapshot') {
    const file = join(folder, 'restored.db');
    if (source.hasHash) await rename(source.file, file);
    else await withHash(source.file, file, signal);
    await syncPath(file);
    return made.set(output.file, file);
  }
  for (const [index, each] of output.dirs.entries()) {
    const { walDir, identity, stays = false } = each;
    const dir = join(folder, `data-${index}`);
    const wal = join(walFolder, `wal-${index}`);
    await makeDataDir(
      binaries,
      {
        snapshotFile: source.file,
        dataDir: dir,
        identity: { initialClusterToken: clusterToken(point, identity.initialCluster), ...identity },
        skipHashCheck: true,
        ...(walDir === undefined ? {} : { walDir: wal }),
        ...(bumpRevisionBy === undefined ? {} : { bumpRevisionBy }),
      },
      signal,
    );
    // Before the data dir: without a WAL etcd would take what is there for a new member.
    if (walDir !== undefined) made.set(walDir, wal);
    made.set(placeOf(each), stays ? join(dir, 'member') : dir);
  }
  return made;
}

/**
 * Puts everything into its place by renaming; what is there is moved to `<path>.quarantine-<time>`, and what comes into its place gets
 * its owner. Where that fails midway, what was there is put back. Gives the moved paths by where they are now. Throws `DATA_DIR_EXISTS` where something has come to be there meanwhile, and what `refuseInUse` does.
 */
export async function putInPlace(
  made: ReadonlyMap<string, string>,
  output: RestoreOutput,
  how: InTheWay,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const taken = await clearTheWay(output, how, signal);
  const staying = new Map(stayingOf(output).map((dir) => [placeOf(dir), dir.dataDir]));
  for (const [target, from] of made) {
    const hasOwner = taken.includes(target) || !staying.has(target);
    await giveOwnerOf(hasOwner ? target : (staying.get(target) ?? target), from);
  }
  const asideAs = how.asideAs ?? `quarantine-${timeName(Date.now())}`;
  const moves: { readonly from: string; readonly to: string }[] = [];
  const move = async (from: string, to: string): Promise<void> => {
    await rename(from, to);
    moves.push({ from, to });
  };
  const moved: string[] = [];
  try {
    // All of them first: an old data dir beside a new WAL would be a member that never was.
    for (const target of taken) {
      const around = staying.get(target);
      if (around !== undefined) await mkdir(join(around, asideAs), { recursive: true, mode: 0o700 });
      const aside = await freeName(around === undefined ? `${target}.${asideAs}` : join(around, asideAs, 'member'));
      await move(target, aside);
      moved.push(aside);
    }
    for (const [target, from] of made) {
      await mkdir(dirname(target), { recursive: true });
      // An empty folder is in nobody's way.
      await rmdir(target).catch(() => undefined);
      await move(from, target);
      await syncPath(dirname(target));
    }
  } catch (error) {
    // Or whoever looks next would find an empty data dir, and take it for lost.
    for (const { from, to } of moves.toReversed()) await rename(to, from).catch(() => undefined);
    throw error;
  }
  return moved;
}

function stayingOf(output: RestoreOutput): readonly DataDirOutput[] {
  return output.kind === 'snapshot' ? [] : output.dirs.filter(({ stays }) => stays === true);
}

/** The database with its SHA-256 behind it: what etcd sends as a snapshot. */
async function withHash(database: string, file: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  const bytes = async function* (): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of createReadStream(database, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
      hash.update(piece);
      yield piece;
    }
    yield hash.digest();
  };
  await pipeline(bytes(), createWriteStream(file, { mode: 0o600 }), { signal });
}

async function isTaken(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    return !found.isDirectory() || (await readdir(path)).length > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** A WAL often has a disk of its own; what is to come there by renaming cannot be the mount point. */
async function refuseMount(path: string): Promise<void> {
  const [there, around] = await Promise.all([path, dirname(path)].map((each) => stat(each).catch(() => undefined)));
  if (there === undefined || around === undefined || there.dev === around.dev) return;
  throw new AgentError('WAL_DIR_MOUNTED', `${path} is a mount point, and cannot be put in its place as a whole.`, {
    remedy: 'Name a folder below it, and start etcd with that as its --wal-dir.',
  });
}

async function freeName(path: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? path : `${path}-${n}`;
    if ((await lstat(candidate).catch(() => undefined)) === undefined) return candidate;
  }
}

/** Makes what was written or renamed last through a power cut. */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function exists(output: RestoreOutput, path: string): AgentError {
  return output.kind === 'snapshot'
    ? new AgentError('OUTPUT_EXISTS', `${path} is there already, and is not overwritten.`, {
        remedy: 'Name another file, move it away, or add --quarantine to have it moved aside.',
      })
    : new AgentError('DATA_DIR_EXISTS', `The data dir ${path} is there and not empty; it is not overwritten.`, {
        remedy: 'Stop etcd, then add --quarantine to have it moved aside, or name another one. Nothing is deleted.',
      });
}

/** Removes a work folder with all that is in it. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { commitWal, type WalEnd } from '../../datadir/wal/commit-all.ts';
import type { EtcdBinaries } from '../../distribution/find-binaries.ts';
import { diskFullOr } from '../restore/disk-full.ts';
import { requireNewest } from '../restore/newest-revision.ts';
import {
  clearTheWay,
  type DataDirOutput,
  type InTheWay,
  makeOutput,
  placeOf,
  putInPlace,
  removeFolder,
} from '../restore/output.ts';
import { BUMP_REVISION_BY } from '../restore/restore.ts';
import { canBumpRevision } from '../restore/restorer.ts';
import { ScratchEtcd } from '../restore/scratch-etcd.ts';
import { whileLeasesLast } from '../restore/while-leases-last.ts';
import { workFolder } from '../restore/work-folder.ts';
import { copySurvivor, type SurvivorFiles } from './copy-survivor.ts';
import { addDeltas, type DeltaSource, fetchDeltas } from './deltas.ts';

/** Of one member that has ended, everything that it takes to begin its cluster again with it. */
export interface SeedOptions {
  /** Only read. */
  readonly survivor: SurvivorFiles & { readonly wal: WalEnd };
  readonly binaries: EtcdBinaries;
  /** The new data dir of the one member; what is there now is moved aside. */
  readonly output: DataDirOutput & { readonly identity: { readonly initialClusterToken: string } };
  readonly how: Pick<InTheWay, 'refuseInUse' | 'asideAs'>;
  /** What it has beyond the survivor is added. */
  readonly deltas?: DeltaSource;
}

/** What the cluster begins with again. */
export interface Seeded {
  readonly revision: bigint;
  /** Of it, what the survivor itself had. */
  readonly survivorRevision: bigint;
  /** What was in the way, by where it is now. */
  readonly quarantined: readonly string[];
  readonly bumpedBy?: bigint;
  /** It is a Kubernetes store, and the tool could not raise its revision: its components must be restarted. */
  readonly bumpMissing: boolean;
}

/**
 * Makes a cluster of one member of what a member had whose majority is gone. On a copy its whole WAL is applied, also what was not known to
 * be committed, then what the store has beyond it; the result becomes a data dir under a new token, and takes the old one's place by
 * renaming at the very end. Throws `STORE_AHEAD` where a store goes further by itself than the survivor with its deltas, `REPLAY_DIVERGED`
 * where both are of two histories, `SEED_NO_ROOM`, `WAL_UNREADABLE`, `SCRATCH_FAILED`, `RESTORE_TOOL_FAILED`,
 * `RESTORE_DISK_FULL`, and what `refuseInUse` throws; before the end nothing has been changed then.
 */
export async function seedFromSurvivor(options: SeedOptions, signal: AbortSignal): Promise<Seeded> {
  const { binaries, output, survivor } = options;
  const outputs = { kind: 'data-dirs', dirs: [output] } as const;
  const how = { quarantine: true, ...options.how };
  await clearTheWay(outputs, how, signal);
  const folder = await workFolder(placeOf(output));
  let walFolder: string | undefined;
  try {
    walFolder = output.walDir === undefined ? undefined : await workFolder(output.walDir);
    const { scratch, ...made } = await revived(survivor, options, folder, signal);
    await using _ = scratch;
    const { kvs } = await scratch.client.range({ ...REGISTRY, limit: 1, keysOnly: true }, signal);
    const wantsBump = kvs.length > 0;
    const bumps = wantsBump && (await canBumpRevision(binaries, signal));
    const database = await scratch.stop();
    await requireNewest(database, made.revision);
    const put = await makeOutput(
      outputs,
      {
        ...{ binaries, folder, source: { file: database, hasHash: false } },
        // Not asked for: the output has a token.
        point: { timeline: '', revision: made.revision },
        ...(walFolder === undefined ? {} : { walFolder }),
        ...(bumps ? { bumpRevisionBy: BUMP_REVISION_BY } : {}),
      },
      signal,
    );
    signal.throwIfAborted();
    const quarantined = await putInPlace(put, outputs, how, signal);
    return { ...made, quarantined, bumpMissing: wantsBump && !bumps, ...(bumps ? { bumpedBy: BUMP_REVISION_BY } : {}) };
  } catch (error) {
    throw signal.aborted ? error : diskFullOr(error, dirname(folder));
  } finally {
    await removeFolder(folder);
    if (walFolder !== undefined) await removeFolder(walFolder);
  }
}

/** Where Kubernetes has its objects; the end is the first key behind them. */
const REGISTRY = { key: Buffer.from('/registry/'), rangeEnd: Buffer.from('/registry0') };

interface Revived extends Pick<Seeded, 'revision' | 'survivorRevision'> {
  readonly scratch: ScratchEtcd;
}

/** A scratch etcd with everything that there is of a survivor, and of the store beyond it. */
async function revived(
  survivor: SeedOptions['survivor'],
  { binaries, deltas }: SeedOptions,
  folder: string,
  signal: AbortSignal,
): Promise<Revived> {
  let attempts = 0;
  const revive = async (withUncommitted: boolean): Promise<Revived> => {
    attempts += 1;
    const place = join(folder, `survivor-${attempts}`);
    const scratch = await started({ survivor, binaries, withUncommitted, folder: place }, signal);
    try {
      const { startRevision: survivorRevision } = scratch;
      if (deltas === undefined) return { scratch, revision: survivorRevision, survivorRevision };
      const fetched = await fetchDeltas(deltas, survivorRevision, folder, signal);
      const revision = await addDeltas(scratch, fetched, deltas.decryption, signal);
      if (fetched.chainRevision > revision) throw storeAhead(fetched.chainRevision, revision);
      return { scratch, revision, survivorRevision };
    } catch (error) {
      await scratch.close();
      throw error;
    }
  };
  try {
    return await whileLeasesLast(() => revive(true));
  } catch (error) {
    const isDiverged = error instanceof AgentError && error.code === 'REPLAY_DIVERGED';
    if (!isDiverged) throw error;
    // The majority that is gone may have had something else in the place of what nobody acknowledged.
    return await whileLeasesLast(() => revive(false));
  }
}

function storeAhead(chain: bigint, revision: bigint): AgentError {
  return new AgentError(
    'STORE_AHEAD',
    `The store can be restored to revision ${chain}, and this member with the deltas that go on from it only to ${revision}.`,
    { remedy: 'Restore from the store: it has all that the member has, and more.' },
  );
}

async function started(
  options: {
    readonly survivor: SeedOptions['survivor'];
    readonly binaries: EtcdBinaries;
    readonly withUncommitted: boolean;
    readonly folder: string;
  },
  signal: AbortSignal,
): Promise<ScratchEtcd> {
  const { survivor, binaries, withUncommitted, folder } = options;
  await mkdir(folder, { mode: 0o700 });
  await copySurvivor(survivor, folder, signal);
  if (withUncommitted) await commitWal(join(folder, 'data/member/wal'), survivor.wal);
  return await ScratchEtcd.startOnSurvivor({ binaries, folder }, signal);
}

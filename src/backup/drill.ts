import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOf } from '../cluster/agent-error.ts';
import type { EtcdBinaries } from '../distribution/find-binaries.ts';
import { compact } from '../etcd/maintenance-calls.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { readCatalogue } from './chain/catalogue.ts';
import type { Chain, RevisionRange } from './chain.ts';
import { differences, type KeyspacePrint, livePrint, printOf } from './drill/live-keyspace.ts';
import { type Room, roomHere, tooLittleRoom } from './drill/room.ts';
import type { FullManifest } from './manifest.ts';
import { chooseChain } from './restore/choose-chain.ts';
import type { Decryption } from './restore/decrypting.ts';
import { readFullManifest } from './restore/fetch-chain.ts';
import { DRILL_FOLDER, makeOwnedFolder, sweepOwnedFolders } from './restore/owned-folder.ts';
import { type Restored, type RestoreProgress, restoreIntoScratch } from './restore/restored-scratch.ts';
import { makeDataDir } from './restore/restorer.ts';
import type { ScratchEtcd } from './restore/scratch-etcd.ts';
import type { Store } from './store/store.ts';
import { checkFull, checkSegment } from './verify/check-objects.ts';

export interface DrillOptions {
  /** Its place is that of the timeline. */
  readonly store: Store;
  /** Of the live cluster, best a follower: while its keyspace is hashed it takes no writes. Absent: nothing is compared. */
  readonly live?: MemberClient;
  readonly binaries: EtcdBinaries;
  /** Without it, of what is encrypted only hashes are verified. */
  readonly decryption?: Decryption;
  /** Below it a folder is made for the time of the drill. */
  readonly folder: string;
  /** Of the scratch etcd; default 19, the lowest priority, which its I/O has too. */
  readonly niceness?: number;
  /** What the machine has left; default: as it is. */
  readonly room?: (folder: string) => Promise<Room>;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Told of folders that drills which were killed had left, and that were removed. Must not throw. */
  readonly onSwept?: (folders: readonly string[]) => void;
}

/** Why a drill did not pass: a stable code and a sentence. */
export interface DrillReason {
  readonly code: string;
  readonly message: string;
}

/** How the newest chain stood up to being restored. */
export type DrillResult =
  /** It was restored, and, where it was compared, is what the cluster has. */
  | { readonly outcome: 'passed'; readonly compared: boolean; readonly proof: DrillProof }
  | { readonly outcome: 'failed'; readonly reasons: readonly [DrillReason, ...DrillReason[]] }
  /** Nothing was done. */
  | { readonly outcome: 'skipped'; readonly reasons: readonly [DrillReason, ...DrillReason[]] }
  /** It is encrypted and there is no identity: every byte of it is stored as it was written. */
  | { readonly outcome: 'hashes-only'; readonly full: string; readonly revision: bigint };

export interface DrillProof extends KeyspacePrint {
  /** Key of the full snapshot's manifest. */
  readonly full: string;
  readonly restored: Restored;
  /** From the first byte to a data dir that a member can start on: the measured recovery time. */
  readonly restoreMs: number;
  readonly writeMs: number;
}

/**
 * Restores the newest chain for real and compares it with the live cluster: hash of the keyspace and number of keys, at one
 * revision and one compact revision. What goes wrong is in the result; throws only the signal's reason.
 */
export async function drill(options: DrillOptions, signal: AbortSignal): Promise<DrillResult> {
  let folder: string | undefined;
  try {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    // Before room is looked for: they hold a whole database each, decrypted.
    const swept = await sweepOwnedFolders(options.folder, DRILL_FOLDER);
    if (swept.length > 0) options.onSwept?.(swept);
    const catalogue = await readCatalogue(options.store, signal);
    const target = { kind: 'latest' } as const;
    const plan = chooseChain({ catalogue, target, resolved: { revision: undefined }, broken: new Set() });
    // By two listings that agree: what comes behind cannot be had any more.
    if (plan.lost !== undefined) return broken(plan, plan.lost);
    const { manifest } = await readFullManifest(options.store, plan.full, signal);
    const [first, ...others] = await reasonsToSkip(options, manifest);
    if (first !== undefined) return { outcome: 'skipped', reasons: [first, ...others] };
    if (manifest.encryption !== undefined && options.decryption === undefined) {
      return await hashesOnly(options.store, plan, signal);
    }
    folder = await makeOwnedFolder(options.folder, DRILL_FOLDER);
    return await proven(options, plan, folder, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = faultOf(error);
    return { outcome: 'failed', reasons: [{ code, message }] };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Whatever it goes up to: what a chain is for is the newest revision. */
function broken({ full, lastRevision }: Chain, { from, to }: RevisionRange): DrillResult {
  const message = `The newest chain, from ${full.key}, goes to revision ${lastRevision}; there are newer ones up to ${to} in the store, and nothing holds revision ${from}.`;
  return { outcome: 'failed', reasons: [{ code: 'DRILL_CHAIN_BROKEN', message }] };
}

async function reasonsToSkip({ room = roomHere, folder }: DrillOptions, full: FullManifest): Promise<DrillReason[]> {
  return tooLittleRoom(await room(folder), full.plain.bytes).map((message) => ({ code: 'DRILL_NO_ROOM', message }));
}

async function hashesOnly(
  store: Store,
  { full, segments, lastRevision }: Chain,
  signal: AbortSignal,
): Promise<DrillResult> {
  const check = { store, onBytes: () => undefined };
  await checkFull(full, check, signal);
  for (const segment of segments) await checkSegment(segment, check, signal);
  return { outcome: 'hashes-only', full: full.key, revision: lastRevision };
}

async function proven(options: DrillOptions, plan: Chain, folder: string, signal: AbortSignal): Promise<DrillResult> {
  const { store, live, binaries, decryption, niceness = 19, onProgress } = options;
  // Asked before it is restored: the cluster may compact the revision away meanwhile.
  const expected = live === undefined ? undefined : await livePrint(live, plan.lastRevision, signal);
  const { restored, scratch } = await restoreIntoScratch(
    {
      ...{ store, binaries, folder, niceness, target: { kind: 'revision', revision: plan.lastRevision } },
      ...(decryption === undefined ? {} : { decryption }),
      ...(onProgress === undefined ? {} : { onProgress }),
    },
    { always: true },
    signal,
  );
  await using _ = scratch;
  if (scratch === undefined) throw new Error('there is no scratch etcd');
  const made =
    expected === undefined
      ? await printOf(scratch.client, restored.revision, signal)
      : await compactedPrint(scratch, expected, restored.full.compactRevision, signal);
  const reasons = [
    ...restored.avoided.map(({ code, key, message }) => ({ code, message: `${key}: ${message}` })),
    ...(expected === undefined ? [] : differences(expected, made)).map((message) => ({
      code: 'DRILL_DIFFERS',
      message,
    })),
  ];
  const [first, ...others] = reasons;
  if (first !== undefined) return { outcome: 'failed', reasons: [first, ...others] };
  const writeMs = await written(scratch, binaries, folder, signal);
  const restoreMs = restored.fetchMs + restored.startMs + restored.replayMs + writeMs;
  return {
    outcome: 'passed',
    compared: expected !== undefined,
    proof: { ...made, full: plan.full.key, restored, restoreMs, writeMs },
  };
}

/** The hash is of the history since the compaction: the copy is compacted as the cluster is, else it differs for no fault. */
async function compactedPrint(
  scratch: ScratchEtcd,
  { revision, compactRevision }: KeyspacePrint,
  compactedAt: bigint,
  signal: AbortSignal,
): Promise<KeyspacePrint> {
  if (compactRevision > compactedAt) await compact(scratch.client, compactRevision, { signal });
  return await printOf(scratch.client, revision, signal);
}

/** A data dir is made of it, as a restore does: only then is all of its time known. */
async function written(
  scratch: ScratchEtcd,
  binaries: EtcdBinaries,
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  const beganMs = performance.now();
  const peerUrl = 'http://localhost:2380';
  const identity = {
    name: 'drill',
    initialCluster: `drill=${peerUrl}`,
    initialClusterToken: 'drill',
    initialAdvertisePeerUrls: peerUrl,
  };
  const snapshotFile = await scratch.stop();
  await makeDataDir(binaries, { snapshotFile, dataDir: join(folder, 'data'), identity, skipHashCheck: true }, signal);
  return performance.now() - beganMs;
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { FORMAT_VERSION } from '../manifest.ts';
import { systemCodeOf } from '../store/local/errors.ts';
import {
  beginGasp,
  GASP_MANIFEST,
  type GaspOwner,
  type KeptGasp,
  keepNewest,
  ownGasps,
  publishGasp,
} from './folder.ts';
import { writeKept } from './kept-file.ts';
import { encodeGaspManifest, type GaspManifest, gaspSummary } from './manifest.ts';
import { requireRoom } from './room.ts';
import type { GaspSource } from './source.ts';

/** Where last gasps are kept, and how many of the own member. */
export interface GaspPlace {
  readonly dir: string;
  readonly owner: GaspOwner;
  readonly keep: number;
}

/** What came of it. */
export interface GaspTaken {
  readonly gasp: KeptGasp;
  /** False where the very same state was there from before. */
  readonly isNew: boolean;
  /** Older ones that made room for it. */
  readonly removed: readonly string[];
}

/**
 * Keeps what a member has, for whoever recovers the cluster: all of it or nothing, synced, with its manifest. Older ones of the same
 * member go only when it is whole. Throws `LAST_GASP_NO_ROOM`, `LAST_GASP_SOURCE_CHANGED`, what the source and the
 * file system throw, and the signal's reason.
 */
export async function takeGasp(
  source: GaspSource,
  { dir, owner, keep }: GaspPlace,
  signal: AbortSignal,
): Promise<GaspTaken> {
  try {
    return await takeOrFind(source, { dir, owner, keep }, signal);
  } catch (error) {
    throw explained(error, dir);
  }
}

async function takeOrFind(
  source: GaspSource,
  { dir, owner, keep }: GaspPlace,
  signal: AbortSignal,
): Promise<GaspTaken> {
  const startedAtMs = Date.now();
  const { bytes, ...known } = await source.preview(signal);
  const [newest] = await ownGasps(dir, owner);
  if (newest?.fingerprint === known.fingerprint) return { gasp: newest, isNew: false, removed: [] };
  await requireRoom(dir, bytes);
  const place = await beginGasp(dir, owner, startedAtMs);
  try {
    const copied = await source.copyInto(place.part, signal);
    const manifest: GaspManifest = {
      ...{ formatVersion: FORMAT_VERSION, kind: 'last-gasp', source: source.kind, ...owner, ...known },
      ...{ startedAtMs, endedAtMs: Date.now(), ...copied },
    };
    await writeKept(join(place.part, GASP_MANIFEST), encodeGaspManifest(manifest), signal);
    signal.throwIfAborted();
    await publishGasp(dir, place);
    const gasp: KeptGasp = { ...gaspSummary(manifest), path: place.path };
    return { gasp, isNew: true, removed: await keepNewest(dir, owner, gasp, keep) };
  } catch (error) {
    await rm(place.part, { recursive: true, force: true });
    throw error;
  }
}

/** What the file system says, in words of its own; all else as it is. */
function explained(error: unknown, dir: string): unknown {
  const code = systemCodeOf(error);
  if (!(error instanceof Error) || error instanceof AgentError || code === undefined || !('syscall' in error))
    return error;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new AgentError(
    isFull ? 'LAST_GASP_NO_ROOM' : 'LAST_GASP_FAILED',
    `A last gasp could not be kept in ${dir}: ${error.message}.`,
    {
      cause: error,
      remedy: 'Look at the folder, its owner, its disk, and set backup.lastGasp.dir to another one if need be.',
    },
  );
}

import { rmSync, statfsSync } from 'node:fs';
import type { DiskRole } from '../cluster/sections.ts';
import { idleReason, type MemberDirectories, probePlace } from './fsync-probe-place.ts';
import { ProbeRing } from './fsync-probe-ring.ts';
import { serveOperations } from './linux/serve-operations.ts';

/** One probe to make. */
interface ProbeRequest {
  readonly role: DiskRole;
  readonly directories: MemberDirectories;
  /** Where less than this share of the file system is available, nothing is written: the rest belongs to etcd. */
  readonly minimumAvailableRatio: number;
}

/** What came of it. `suspended`: it is idle because of something that is wrong. `ready`: the ring has been written, the next probe can be timed. */
export type ProbeReply =
  | { readonly kind: 'written'; readonly directory: string; readonly seconds: number }
  | { readonly kind: 'ready'; readonly directory: string }
  | { readonly kind: 'idle'; readonly reason: string; readonly suspended?: true }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'same-device' };

const rings = new Map<DiskRole, ProbeRing>();

/** What the probe's thread can do; its owner is `fsyncProbeCollector`. */
export const probeOperations = { probe, remove };

function probe({ role, directories, minimumAvailableRatio }: ProbeRequest): ProbeReply {
  try {
    const place = probePlace(role, directories);
    if (place.kind !== 'file') {
      drop(role, true);
      return place;
    }
    const { directory, path } = place;
    const { bavail, blocks } = statfsSync(directory);
    if (bavail < blocks * minimumAvailableRatio) {
      const percent = ((100 * bavail) / blocks).toFixed(1);
      const reason = `only ${percent} % of the file system under ${directory} is available`;
      return { kind: 'idle', reason, suspended: true };
    }
    const ring = rings.get(role);
    if (ring?.path === path && ring.isInPlace()) return { kind: 'written', directory, seconds: ring.write() };
    drop(role, true);
    rings.set(role, ProbeRing.open(path));
    return { kind: 'ready', directory };
  } catch (error) {
    drop(role, false);
    const reason = idleReason(error);
    if (reason !== undefined) return { kind: 'idle', reason };
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
    return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Removes the probe's files, also those that a killed agent left. */
function remove(directories: MemberDirectories): void {
  for (const role of ['wal', 'data'] as const) {
    drop(role, true);
    const place = probePlace(role, directories);
    if (place.kind === 'file') rmSync(place.path, { force: true });
  }
}

function drop(role: DiskRole, removeFile: boolean): void {
  const ring = rings.get(role);
  rings.delete(role);
  try {
    ring?.close(removeFile);
  } catch {
    // A disk that fails may refuse this too; the next start uses the file again.
  }
}

serveOperations(probeOperations);

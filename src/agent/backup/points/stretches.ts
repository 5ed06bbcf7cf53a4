import type { ListedChain } from '../../../backup/list-chains.ts';
import { isoTime } from '../../../expose/iso-time.ts';
import type { BackupFull, BackupStretch } from '../../../expose/live/words.ts';

/** The full snapshots among chains, oldest first; without those whose manifest cannot be read. */
export function fullsOf(chains: readonly ListedChain[]): readonly BackupFull[] {
  return byAge(chains).flatMap(({ manifest }) =>
    manifest === undefined
      ? []
      : [{ revision: manifest.lastRevision, at: isoTime(manifest.endedAtMs), bytes: manifest.stored.bytes }],
  );
}

/** Chains that go on in each other as one stretch, oldest first: every revision from its first to its last can be restored. */
export function stretchesOf(chains: readonly ListedChain[]): readonly BackupStretch[] {
  const stretches: BackupStretch[] = [];
  for (const { manifest, firstRevision, lastRevision, writtenAtMs } of byAge(chains)) {
    if (manifest === undefined) continue;
    const last = stretches.at(-1);
    // A chain of a full snapshot without any segment ends where it was taken.
    const to = isoTime(lastRevision === firstRevision ? manifest.endedAtMs : Math.max(manifest.endedAtMs, writtenAtMs));
    if (last !== undefined && firstRevision <= last.toRevision + 1n) {
      const goesFurther = lastRevision > last.toRevision || (lastRevision === last.toRevision && to > last.to);
      if (goesFurther) stretches[stretches.length - 1] = { ...last, toRevision: lastRevision, to };
    } else {
      stretches.push({ fromRevision: firstRevision, toRevision: lastRevision, from: isoTime(manifest.endedAtMs), to });
    }
  }
  return stretches;
}

function byAge(chains: readonly ListedChain[]): readonly ListedChain[] {
  return chains.toSorted((a, b) =>
    a.firstRevision === b.firstRevision ? a.writtenAtMs - b.writtenAtMs : a.firstRevision < b.firstRevision ? -1 : 1,
  );
}

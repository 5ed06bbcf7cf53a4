import type { Catalogue } from '../chain/catalogue.ts';
import { gapsOf, type RevisionRange, supersededOf } from '../chain.ts';
import type { Manifest } from '../manifest.ts';
import type { Checked } from './check-objects.ts';
import { type Finding, rangeText } from './findings.ts';

/** The objects that are whole, by their keys. */
export type AllChecked = ReadonlyMap<string, Checked<Manifest>>;

/** Of an object that could only be checked as it is stored. */
export function notDecrypted(key: string, { encryption }: Manifest): Finding {
  const ids = encryption?.keyIds.join(', ') ?? '';
  return {
    severity: 'note',
    code: 'NOT_DECRYPTED',
    key,
    message: `Only what is stored of ${key} was checked: it is encrypted for ${ids}, and no identity was given.`,
  };
}

/** Of revisions that may still come. */
export function youngGap(range: RevisionRange): Finding {
  return {
    severity: 'note',
    code: 'GAP_YOUNG',
    range,
    message: `No segment holds ${rangeText(range)} yet, right before the newest full snapshot: where they do not come within minutes, they are lost.`,
  };
}

/** Gaps, and segments that nobody needs. */
export function shapeFindings(all: Catalogue, whole: Catalogue, thinned: readonly RevisionRange[]): readonly Finding[] {
  const gaps = gapsOf(whole, thinned).map(
    (range): Finding => ({
      severity: 'fault',
      code: 'GAP',
      range,
      message: `No whole segment holds ${rangeText(range)}: no point in between can be restored.`,
    }),
  );
  const duplicates = supersededOf(all).map(
    ({ key }): Finding => ({
      severity: 'note',
      code: 'DUPLICATE_SEGMENT',
      key,
      message: `Another segment holds all revisions of ${key} too; each is restored once.`,
    }),
  );
  const [firstFull] = whole.fulls;
  const nothing: readonly Finding[] =
    firstFull === undefined && all.segments.length + all.fulls.length > 0
      ? [{ severity: 'fault', code: 'NO_FULL', message: 'No full snapshot is whole: nothing can be restored.' }]
      : [];
  return [...nothing, ...gaps, ...duplicates];
}

/** What lies beside: snapshots of which the manifest is missing, and what is not ours. */
export function strays({ others }: Catalogue, checked: AllChecked): readonly Finding[] {
  const known = new Set(
    [...checked.values()].flatMap(({ manifest }) => (manifest.kind === 'full' ? [manifest.object] : [])),
  );
  return others
    .filter(({ key }) => !known.has(key))
    .map(
      ({ key }): Finding =>
        key.startsWith('full/') && key.includes('.snap.')
          ? {
              severity: 'note',
              code: 'SNAPSHOT_WITHOUT_MANIFEST',
              key,
              message: `${key} has no manifest that can be read: taking it was cut short, or its manifest is lost.`,
            }
          : { severity: 'note', code: 'UNKNOWN_OBJECT', key, message: `${key} is nothing that a backup writes.` },
    );
}

/**
 * A manifest names the one that was written before it. Retention takes some away, so one that is not there says nothing; but
 * where what must be before it is there, and is another one, somebody has changed it.
 */
export function predecessorFindings(checked: AllChecked): readonly Finding[] {
  const known = new Set<string>();
  const ends = new Map<bigint, string>();
  const merged: Manifest[] = [];
  for (const [key, { manifest, manifestSha256 }] of checked) {
    known.add(manifestSha256);
    if (manifest.kind === 'delta' && manifest.endsWithManifestSha256 !== undefined) {
      known.add(manifest.endsWithManifestSha256);
      merged.push(manifest);
    }
    ends.set(manifest.lastRevision, key);
  }
  const findings: Finding[] = [];
  for (const [key, { manifest }] of checked) {
    const { previousManifestSha256, firstRevision } = manifest;
    const before = ends.get(firstRevision - 1n);
    if (previousManifestSha256 === undefined || known.has(previousManifestSha256) || before === undefined) continue;
    // The one that it names may have been merged with others.
    if (merged.some((other) => other.firstRevision < firstRevision && other.lastRevision >= firstRevision)) continue;
    const message = `${key} was written after a manifest that is not that of ${before}, nor of anything here.`;
    findings.push({ severity: 'fault', code: 'MANIFEST_CHAIN', message });
  }
  return findings;
}

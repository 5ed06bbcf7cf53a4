import { faultOf } from '../../cluster/agent-error.ts';
import { type Catalogue, catalogueOf, listObjects } from '../chain/catalogue.ts';
import { chainsOf, gapsOf, newestNamed, type RevisionRange, stillOnTheirWay, supersededOf } from '../chain.ts';
import { isOutOfReach, readTwice } from '../damage.ts';
import { foreignTo, historyOf } from '../history.ts';
import type { Manifest } from '../manifest.ts';
import { BrokenObject, brokenOr } from '../restore/broken-object.ts';
import { readThinned } from '../retention/thinned.ts';
import type { Store } from '../store/store.ts';
import { type Checked, type CheckOptions, checkFull, checkSegment } from './check-objects.ts';
import { type Finding, rangeText } from './findings.ts';

export interface VerifyOptions extends Omit<CheckOptions, 'onBytes'> {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** An agent at work merges and prunes; so often what is there is listed anew. */
const MOST_ROUNDS = 10;

/** A chain as it was found. */
export interface VerifiedChain {
  /** Of its full snapshot. */
  readonly id: string;
  /** Of the manifest of its full snapshot. */
  readonly key: string;
  readonly firstRevision: bigint;
  /** How far it goes with objects that are whole. */
  readonly lastRevision: bigint;
  readonly segments: number;
  /** Every byte of it was read and is as it was written; its content too, not only what is stored. */
  readonly opened: boolean;
  /** It goes up to the next full snapshot, or as far as the store does: nothing of it is broken or lost. */
  readonly complete: boolean;
  /** Something of it is broken or lost, and will not come any more. Not so where it only cannot be read at the moment, or by this version. */
  readonly broken: boolean;
}

export interface VerifyReport {
  readonly findings: readonly Finding[];
  /** Of the newest full snapshot first; those with a broken full snapshot are not there. */
  readonly chains: readonly VerifiedChain[];
  readonly fulls: number;
  readonly segments: number;
  readonly bytes: number;
}

/**
 * Reads every byte of a timeline: hashes, manifests and how they follow each other, gaps, duplicates, and what does not belong
 * to anything. Objects that are wrong are findings; throws what the store throws where it cannot be read at all.
 */
export async function verifyStore(options: VerifyOptions, signal: AbortSignal): Promise<VerifyReport> {
  const { store, onProgress } = options;
  const looked: Looked = { checked: new Map(), faults: new Map() };
  let listed = await listingOf(store, signal);
  let done = 0;
  const check: CheckOptions = {
    ...options,
    onBytes: (bytes) => {
      done += bytes;
      onProgress?.({ done: Math.min(done, listed.bytes), total: listed.bytes });
    },
  };
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    await checkAll(listed.catalogue, check, looked, signal);
    const missing = [...looked.faults.values()].flatMap(({ code, key }) =>
      code === 'STORE_NOT_FOUND' ? (key ?? []) : [],
    );
    if (missing.length === 0) break;
    // Merged with others, or let go by retention, since it was listed: what came in its place is looked at too.
    const now = await listingOf(store, signal);
    const gone = missing.filter((key) => !now.keys.has(key));
    if (gone.length === 0) break;
    for (const key of gone) looked.faults.delete(key);
    listed = now;
  }
  const { catalogue, bytes: total } = listed;
  for (const { key, ...finding } of await foreignFindings(store, looked, listed.keys, signal)) {
    looked.checked.delete(key);
    looked.faults.set(key, { key, ...finding });
  }
  const thinned = await readThinned(store, signal);
  const young = stillOnTheirWay(catalogue, Date.now());
  const checked: AllChecked = new Map([...looked.checked].filter(([key]) => listed.keys.has(key)));
  const findings: Finding[] = [
    ...looked.faults.values(),
    ...[...checked].flatMap(([key, { opened, manifest }]) => (opened ? [] : [notDecrypted(key, manifest)])),
  ];
  const broken = new Set(
    findings.flatMap(({ severity, key }) => (severity === 'fault' && key !== undefined ? [key] : [])),
  );
  const without = (keys: ReadonlySet<string>): Catalogue => ({
    ...catalogue,
    fulls: catalogue.fulls.filter(({ key }) => !keys.has(key)),
    segments: catalogue.segments.filter(({ key }) => !keys.has(key)),
  });
  const whole = without(broken);
  const perhapsWhole = without(new Set([...broken].filter((key) => !isOutOfReach(looked.faults.get(key)?.code ?? ''))));
  findings.push(
    ...shapeFindings(catalogue, whole, [...thinned, ...young]),
    ...young.map(youngGap),
    ...strays(catalogue, checked),
    ...predecessorFindings(checked),
  );
  return {
    findings,
    chains: verifiedChains({ catalogue, whole, perhapsWhole }, { thinned, young }, checked),
    fulls: catalogue.fulls.length,
    segments: catalogue.segments.length,
    bytes: total,
  };
}

type AllChecked = ReadonlyMap<string, Checked<Manifest>>;

/** What was found of objects so far, by their keys. */
interface Looked {
  readonly checked: Map<string, Checked<Manifest>>;
  readonly faults: Map<string, Finding>;
}

interface Listed {
  readonly catalogue: Catalogue;
  readonly keys: ReadonlySet<string>;
  readonly bytes: number;
}

async function listingOf(store: Store, signal: AbortSignal): Promise<Listed> {
  const objects = await listObjects(store, signal);
  return {
    catalogue: catalogueOf(objects),
    keys: new Set(objects.map(({ key }) => key)),
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Those that were not looked at yet. The newest first: what will be needed first is known first. */
async function checkAll(
  { fulls, segments }: Catalogue,
  check: CheckOptions,
  { checked, faults }: Looked,
  signal: AbortSignal,
): Promise<void> {
  const add = async (key: string, work: () => Promise<Checked<Manifest>>): Promise<void> => {
    if (checked.has(key) || faults.has(key)) return;
    try {
      checked.set(key, await readTwice(work));
    } catch (error) {
      signal.throwIfAborted();
      const broken = brokenOr(key, error);
      if (!(broken instanceof BrokenObject) && faultOf(error).code !== 'MANIFEST_NEWER') throw error;
      const { code, message } = faultOf(error);
      faults.set(key, { severity: 'fault', code, key, message });
    }
  };
  for (const entry of fulls.toReversed()) await add(entry.key, () => checkFull(entry, check, signal));
  for (const entry of segments.toReversed()) await add(entry.key, () => checkSegment(entry, check, signal));
}

/** Objects that are whole, and of another history. */
async function foreignFindings(
  store: Store,
  { checked }: Looked,
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly (Finding & { readonly key: string })[]> {
  const all = [...checked].filter(([key]) => keys.has(key));
  const manifests = all.map(([, { manifest }]) => manifest);
  const history = await historyOf(store, manifests, signal);
  return all.flatMap(([key, { manifest }]) => {
    const foreign = history === undefined ? undefined : foreignTo(history, key, manifest);
    return foreign === undefined
      ? []
      : [{ severity: 'fault' as const, code: foreign.code, key, message: foreign.message }];
  });
}

function notDecrypted(key: string, { encryption }: Manifest): Finding {
  const ids = encryption?.keyIds.join(', ') ?? '';
  return {
    severity: 'note',
    code: 'NOT_DECRYPTED',
    key,
    message: `Only what is stored of ${key} was checked: it is encrypted for ${ids}, and no identity was given.`,
  };
}

function youngGap(range: RevisionRange): Finding {
  return {
    severity: 'note',
    code: 'GAP_YOUNG',
    range,
    message: `No segment holds ${rangeText(range)} yet, right before the newest full snapshot: where they do not come within minutes, they are lost.`,
  };
}

/** Gaps, and segments that nobody needs. */
function shapeFindings(all: Catalogue, whole: Catalogue, thinned: readonly RevisionRange[]): readonly Finding[] {
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
function strays({ others }: Catalogue, checked: AllChecked): readonly Finding[] {
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
function predecessorFindings(checked: AllChecked): readonly Finding[] {
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

/** Gaps, and what the store has a name for behind everything that is whole. */
function lostOf(all: Catalogue, whole: Catalogue, thinned: readonly RevisionRange[]): readonly RevisionRange[] {
  const [named, reached] = [newestNamed(all), newestNamed(whole)];
  return [...gapsOf(whole, thinned), ...(named > reached ? [{ from: reached + 1n, to: named }] : [])];
}

function verifiedChains(
  { catalogue: all, whole, perhapsWhole }: Readonly<Record<'catalogue' | 'whole' | 'perhapsWhole', Catalogue>>,
  { thinned, young }: { readonly thinned: readonly RevisionRange[]; readonly young: readonly RevisionRange[] },
  checked: AllChecked,
): readonly VerifiedChain[] {
  const lost = lostOf(all, whole, thinned);
  const certain = lostOf(all, perhapsWhole, [...thinned, ...young]);
  return chainsOf(whole).map(({ full, segments, lastRevision }) => {
    const parts = [full, ...segments].map(({ key }) => checked.get(key));
    const { revision } = full.name;
    const next = whole.fulls.find(({ name }) => name.revision > revision)?.name.revision;
    const isOf = ({ from }: RevisionRange): boolean => from > revision && (next === undefined || from < next);
    return {
      id: full.name.id,
      key: full.key,
      firstRevision: revision,
      lastRevision,
      segments: segments.length,
      opened: parts.every((part) => part?.opened === true),
      complete: !lost.some(isOf),
      broken: certain.some(isOf),
    };
  });
}

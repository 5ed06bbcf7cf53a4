import { faultOf } from '../../cluster/agent-error.ts';
import { type Catalogue, catalogueOf, listObjects } from '../chain/catalogue.ts';
import { stillOnTheirWay } from '../chain.ts';
import { isOutOfReach, readTwice } from '../damage.ts';
import { foreignTo, historyOf } from '../history.ts';
import type { Manifest } from '../manifest.ts';
import { BrokenObject, brokenOr } from '../restore/broken-object.ts';
import { readThinned } from '../retention/thinned.ts';
import type { Store } from '../store/store.ts';
import { type Checked, type CheckOptions, checkFull, checkSegment } from './check-objects.ts';
import type { Finding } from './findings.ts';
import {
  type AllChecked,
  notDecrypted,
  predecessorFindings,
  shapeFindings,
  strays,
  youngGap,
} from './store-findings.ts';
import { type VerifiedChain, verifiedChains } from './verified-chains.ts';

export interface VerifyOptions extends Omit<CheckOptions, 'onBytes'> {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** An agent at work merges and prunes; so often what is there is listed anew. */
const MOST_ROUNDS = 10;

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

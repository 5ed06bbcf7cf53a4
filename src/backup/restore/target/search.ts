import { type Catalogue, readCatalogue, type SegmentEntry } from '../../chain/catalogue.ts';
import { supersededOf } from '../../chain.ts';
import type { Store } from '../../store/store.ts';
import { BrokenObject, brokenOr } from '../broken-object.ts';
import type { Decryption } from '../decrypting.ts';

/** So often the store is listed anew because an object has gone: merged or pruned by an agent meanwhile. */
const LISTINGS = 5;

export interface SearchOptions {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly decryption?: Decryption;
}

/** A store in which a point is looked for, and what was found to be of no use there. */
export class Search {
  readonly store: Store;
  readonly decryption?: Decryption;
  readonly catalogue: Catalogue;
  readonly #broken: Map<string, BrokenObject>;

  constructor({ store, catalogue, decryption }: SearchOptions, broken = new Map<string, BrokenObject>()) {
    this.store = store;
    this.catalogue = catalogue;
    if (decryption !== undefined) this.decryption = decryption;
    this.#broken = broken;
  }

  get broken(): readonly BrokenObject[] {
    return [...this.#broken.values()];
  }

  isBroken(key: string): boolean {
    return this.#broken.has(key);
  }

  /** Remembers an object that is broken. Throws the error where it says something else, or that the object has gone. */
  note(key: string, error: unknown): void {
    const broken = brokenOr(key, error);
    if (!(broken instanceof BrokenObject) || broken.code === 'STORE_NOT_FOUND') throw broken;
    this.#broken.set(key, broken);
  }

  /** Segments that are not known to be broken, without those that another of them holds as a whole. */
  segments(): readonly SegmentEntry[] {
    const usable = this.catalogue.segments.filter(({ key }) => !this.isBroken(key));
    const superseded = new Set(supersededOf({ segments: usable }));
    return usable.filter((entry) => !superseded.has(entry));
  }
}

/**
 * Looks for something, and begins anew with another list where an object has gone since: what was merged stands under another
 * name. One that is listed all the same is broken.
 */
export async function searched<T>(
  options: SearchOptions,
  look: (search: Search) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const broken = new Map<string, BrokenObject>();
  let { catalogue } = options;
  for (let listings = 1; ; ) {
    try {
      return await look(new Search({ ...options, catalogue }, broken));
    } catch (error) {
      if (!(error instanceof BrokenObject) || error.code !== 'STORE_NOT_FOUND' || listings === LISTINGS) throw error;
      catalogue = await readCatalogue(options.store, signal);
      const listed = [...catalogue.fulls, ...catalogue.segments].some(({ key }) => key === error.key);
      if (listed) broken.set(error.key, error);
      else listings += 1;
    }
  }
}

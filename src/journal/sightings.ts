import type { WatchEvent } from '../etcd/types.ts';
import { keyName } from './key-name.ts';

/** What only a process that watches the journal knows of it: what went, and when things came, by its own clock. */
export interface Sighted {
  /** When this process last saw a spare key go, or began to look, by its monotonic clock. */
  readonly lastSpareChangeAtMonotonicMs: number;
  /** When a resume token was last seen to go; 0 where none was. */
  readonly tokenGoneRevision: bigint;
  /** When entries of the history arrived, by their revision and the monotonic clock. */
  readonly arrivedAtMonotonicMs: ReadonlyMap<bigint, number>;
}

/** More than the history keeps. */
const MOST_ARRIVALS = 200;

/** Collects it over all watches of one mirror. */
export class Sightings {
  #spareAtMs = performance.now();
  #tokenGone = 0n;
  #tokens: ReadonlySet<string> = new Set();
  #arrivals: ReadonlyMap<bigint, number> = new Map();

  /** As of now. */
  get sighted(): Sighted {
    return {
      lastSpareChangeAtMonotonicMs: this.#spareAtMs,
      tokenGoneRevision: this.#tokenGone,
      arrivedAtMonotonicMs: this.#arrivals,
    };
  }

  /** Everything was read anew: what went since the watch before cannot be told but by what is missing. */
  readAgain(prefix: string, keys: readonly string[], revision: bigint): void {
    this.#spareAtMs = performance.now();
    const there = new Set(keys);
    if ([...this.#tokens].some((token) => !there.has(token))) this.#tokenGone = revision;
    this.#tokens = new Set(keys.filter((key) => keyName(key.slice(prefix.length)).kind === 'resume-token'));
  }

  /** One change of the journal. */
  event(prefix: string, { type, kv }: WatchEvent): void {
    const key = kv.key.toString('utf8');
    const name = keyName(key.slice(prefix.length));
    if (name.kind === 'resume-token') {
      if (type === 'put') this.#tokens = new Set([...this.#tokens, key]);
      else this.#tokenGone = kv.modRevision;
    }
    if (type === 'delete' && (name.kind === 'spare-epoch' || name.kind === 'spare-step')) {
      this.#spareAtMs = performance.now();
    }
    if (type === 'put' && name.kind === 'history') {
      const newest = [...this.#arrivals, [name.revision, performance.now()] as const].slice(-MOST_ARRIVALS);
      this.#arrivals = new Map(newest);
    }
  }
}

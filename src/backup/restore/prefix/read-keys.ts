import { AgentError } from '../../../cluster/agent-error.ts';
import { EtcdError } from '../../../etcd/errors.ts';
import type { MemberClient } from '../../../etcd/member-client.ts';
import type { KeyValue, RangePage } from '../../../etcd/types.ts';
import { PATIENCE, type Patience, patiently } from './patience.ts';
import type { KeyRange } from './subtree.ts';

export interface ReadKeys {
  readonly client: Pick<MemberClient, 'range'>;
  readonly ranges: readonly KeyRange[];
  /** Everything is read as of this revision. Absent: as of the newest one when the reading begins. */
  readonly revision?: bigint;
  /** What a page aims at; default 1 MiB. Etcd itself knows a limit of keys only. */
  readonly pageBytes?: number;
  readonly patience?: Patience;
  /** Hears the revision that is read from now on, once, and again where the cluster has compacted it away meanwhile. */
  readonly onRevision?: (revision: bigint) => void;
}

const DEFAULT_PAGE_BYTES = 1024 * 1024;
const FIRST_LIMIT = 16;
/** With values of 1.5 MiB, the most that etcd takes by default, a page has at most 96 MiB. */
const MAX_LIMIT = 64;
const ZERO = Buffer.from([0]);

/**
 * All keys of some ranges, in order, a page at a time: only one is held. Keys and values are views of it: copy what is to
 * outlive the next one. Where the cluster compacts the revision that is read, the rest is read at its newest one; unless the
 * revision was given: then it throws `DIFF_OUTDATED`. Throws `EtcdError`.
 */
export async function* readKeys(options: ReadKeys, signal: AbortSignal): AsyncGenerator<KeyValue, void, undefined> {
  const reading = new Reading(options);
  for (const { key, rangeEnd } of options.ranges) {
    let from = key;
    for (;;) {
      const { kvs, more } = await reading.page(from, rangeEnd, signal);
      yield* kvs;
      const last = kvs.at(-1);
      if (!more || last === undefined) break;
      from = Buffer.concat([last.key, ZERO]);
    }
  }
}

class Reading {
  readonly #options: ReadKeys;
  #revision: bigint | undefined;
  #limit = FIRST_LIMIT;

  constructor(options: ReadKeys) {
    this.#options = options;
    this.#revision = options.revision;
  }

  async page(key: Buffer, rangeEnd: Buffer, signal: AbortSignal): Promise<RangePage> {
    for (;;) {
      try {
        const page = await this.#read(key, rangeEnd, signal);
        if (this.#revision === undefined) {
          this.#revision = page.header.revision;
          this.#options.onRevision?.(this.#revision);
        }
        this.#limit = this.#nextLimit(page);
        return page;
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        if (error.code === 'ETCD_MESSAGE_TOO_LARGE' && this.#limit > 1) this.#limit = Math.ceil(this.#limit / 2);
        else if (error.code === 'ETCD_COMPACTED') this.#goOn(error);
        else throw error;
      }
    }
  }

  #read(key: Buffer, rangeEnd: Buffer, signal: AbortSignal): Promise<RangePage> {
    const revision = this.#revision === undefined ? {} : { revision: this.#revision };
    const request = { key, rangeEnd, limit: this.#limit, ...revision };
    const { client, patience = PATIENCE } = this.#options;
    return patiently(() => client.range(request, signal), patience, signal);
  }

  /** At the newest revision, unless this very one was asked for. */
  #goOn(cause: EtcdError): void {
    const { revision } = this.#options;
    if (revision !== undefined) {
      throw new AgentError(
        'DIFF_OUTDATED',
        `The cluster has compacted revision ${revision}, at which it was to be read.`,
        {
          remedy: 'Look at the diff again, and take the revision that it says.',
          cause,
        },
      );
    }
    this.#revision = undefined;
  }

  #nextLimit({ kvs }: RangePage): number {
    if (kvs.length === 0) return this.#limit;
    const bytes = kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    const fitting = Math.floor(((this.#options.pageBytes ?? DEFAULT_PAGE_BYTES) * kvs.length) / Math.max(1, bytes));
    // Large values may follow small ones: it grows in steps.
    return Math.max(1, Math.min(fitting, this.#limit * 2, MAX_LIMIT));
  }
}

import type { KeySizesPage, RangeRequest, WatchBatch, WatchRequest } from '../../etcd/types.ts';

/** What the keyspace needs of a member's client; both throw errors with a `code`. */
export interface KeyspaceClient {
  keySizes(request: RangeRequest, signal?: AbortSignal): Promise<KeySizesPage>;
  watch(request: WatchRequest, signal?: AbortSignal): AsyncIterable<WatchBatch>;
}

/** One zero byte: as a key the smallest there is, as the end of a range "everything". */
export const ZERO_KEY: Buffer = Buffer.from([0]);

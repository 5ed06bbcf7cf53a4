import { AgentError, type ErrorDetails } from '../../cluster/agent-error.ts';

/** One object of a store. */
export interface StoredObject {
  /** Below the store's place, parts divided by slashes. */
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
  /** Of S3. */
  readonly storageClass?: string;
}

/** What may be said with a put. */
export interface PutOptions {
  /** Only where there is no such object: else `STORE_EXISTS`. A store that cannot tell throws `STORE_UNSUPPORTED`. */
  readonly ifAbsent?: boolean;
  /** About how large it will be, where that is known: by it the size of parts is chosen. */
  readonly expectedBytes?: number;
}

/** Part of an object: `fromByte` inclusive, `toByte` exclusive; absent: to its end. */
export interface ByteRange {
  readonly fromByte: number;
  readonly toByte?: number;
}

/** What a writer that died has begun and never ended: it takes room, and is no object. */
export interface AbandonedUpload {
  /** Of the object that it was to become. */
  readonly key: string;
  readonly begunAtMs: number;
}

/** What a store was asked for so far, by kind: what it costs. */
export type StoreRequests = Readonly<Record<'put' | 'get' | 'head' | 'list' | 'delete', number>>;

/**
 * A place for backups. An object is there whole or not at all: whoever reads sees nothing of a put that is under way or has
 * failed. All methods retry by themselves what may pass, until `signal` is aborted or their patience ends, and throw
 * `StoreError`. Whoever opens a store closes it.
 */
export interface Store extends AsyncDisposable {
  /** Where it is, without credentials. */
  readonly url: string;
  /** `local`: on a disk of this machine (`file://`). */
  readonly kind: 'local' | 'remote';
  readonly requests: StoreRequests;
  /** Writes an object as its pieces come; back when it is durable. Gives its size. */
  put(
    key: string,
    body: Buffer | AsyncIterable<Buffer>,
    options?: PutOptions,
    signal?: AbortSignal,
  ): Promise<{ readonly bytes: number }>;
  /** Reads an object, or part of it. Throws `STORE_NOT_FOUND`, also while it is read where it went meanwhile, and `STORE_COLD`. */
  get(key: string, range?: ByteRange, signal?: AbortSignal): AsyncIterable<Buffer>;
  /** Undefined where there is none. */
  head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** All objects whose keys begin with `prefix`, ascending by key; from behind `after` on, where that is given. */
  list(prefix: string, options?: { readonly after?: string }, signal?: AbortSignal): AsyncIterable<StoredObject>;
  /** Takes an object away; one that is not there is none to fail on. Throws `STORE_DENIED` without the right to, or under Object Lock. */
  remove(key: string, signal?: AbortSignal): Promise<void>;
  /**
   * Moves an object to another storage class where it lies; false: it is there already. Its time in lists may become that of the move.
   * Absent: the store knows no classes. Throws `STORE_NOT_FOUND`, `STORE_COLD`, `STORE_DENIED`, `STORE_UNSUPPORTED`.
   */
  reclass?(key: string, storageClass: string, signal?: AbortSignal): Promise<boolean>;
  /** What `removeAbandoned` would take away. */
  listAbandoned(olderThanMs: number, signal?: AbortSignal, place?: string): Promise<readonly AbandonedUpload[]>;
  /**
   * Uploads that were begun more than `olderThanMs` ago and never ended are taken away; says how many there were. Those that
   * this process is still at stay. Longer than patience: else another agent's, which waits for the store, could be taken.
   * @param place only those below this folder of the store; left out: all
   */
  removeAbandoned(olderThanMs: number, signal?: AbortSignal, place?: string): Promise<number>;
}

export type StoreErrorCode =
  | 'STORE_NOT_FOUND'
  | 'STORE_EXISTS'
  /** The object lies where it cannot be read before it was brought back: the archive classes of S3. */
  | 'STORE_COLD'
  | 'STORE_DENIED'
  | 'STORE_FULL'
  | 'STORE_UNREACHABLE'
  | 'STORE_UNSUPPORTED'
  /** What came back is not what was put. */
  | 'STORE_DAMAGED'
  | 'STORE_FAILED';

/** What a store could not do: which object, at which store, and what to do. Never holds credentials. */
export class StoreError extends AgentError {
  declare readonly code: StoreErrorCode;
  readonly key: string | undefined;

  constructor(code: StoreErrorCode, message: string, details: ErrorDetails & { readonly key?: string } = {}) {
    super(code, message, details);
    this.key = details.key;
  }
}

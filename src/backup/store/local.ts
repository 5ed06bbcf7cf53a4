import { constants } from 'node:fs';
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkKey, checkPrefix } from './keys.ts';
import { isTemporary, syncFolder, writeDurably } from './local/durable-file.ts';
import { hanging, localError, mayPassLocally, systemCodeOf } from './local/errors.ts';
import { StillAtIt } from './local/still-at-it.ts';
import { type Patience, patiently } from './patience.ts';
import { noRequests } from './request-counts.ts';
import type { AbandonedUpload, ByteRange, PutOptions, Store, StoredObject } from './store.ts';

const PIECE_BYTES = 256 * 1024;

/** The file system of this machine passes or fails at once; only a network's may come back. */
const patience: Patience = { forMs: 30_000 };

/**
 * A store in a folder: each object is a file whose path is its key. Folders (0700) are made when they are needed. Objects
 * appear in one step, synced; what a writer who died left behind is hidden, and found by `removeAbandoned`.
 */
export class LocalStore implements Store {
  readonly kind = 'local';
  readonly url: string;
  readonly requests = noRequests();
  readonly #folder: string;
  readonly #writing = new Set<string>();
  readonly #calls = new StillAtIt();

  /** @param folder an absolute path */
  constructor(folder: string) {
    this.#folder = folder.replace(/(?<=.)\/+$/, '');
    this.url = pathToFileURL(this.#folder).href;
  }

  async put(
    key: string,
    body: Buffer | AsyncIterable<Buffer>,
    { ifAbsent = false }: PutOptions = {},
    signal?: AbortSignal,
  ): Promise<{ readonly bytes: number }> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    this.requests.put += 1;
    const writing = async () => ({
      bytes: await writeDurably(path, body, { ifAbsent, writing: this.#writing }, signal),
    });
    return await this.#trying('write', key, writing, signal);
  }

  async *get(
    key: string,
    { fromByte = 0, toByte = Number.POSITIVE_INFINITY }: Partial<ByteRange> = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer, void, undefined> {
    const path = this.#pathOf(key);
    this.requests.get += 1;
    const opening = () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const file = await this.#trying(
      'read',
      key,
      () => patiently(`get ${key}`, opening, mayPassLocally, patience, signal),
      signal,
      (late) => void late.close().catch(() => undefined),
    );
    try {
      for (let position = fromByte; position < toByte; ) {
        signal?.throwIfAborted();
        // A new one for each piece: whoever got the last one may still hold it.
        const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, toByte - position));
        const reading = () => file.read(piece, 0, piece.length, position);
        const { bytesRead } = await this.#trying('read', key, reading, signal);
        if (bytesRead === 0) return;
        position += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      // It waits for a read that hangs.
      const closing = file.close();
      if (signal?.aborted === true) void closing.catch(() => undefined);
      else await closing;
    }
  }

  async head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const path = this.#pathOf(key);
    this.requests.head += 1;
    return await this.#trying(
      'look at',
      key,
      async () => {
        const found = await patiently(`head ${key}`, () => statIfThere(path), mayPassLocally, patience, signal);
        return found?.isFile() === true ? { key, bytes: found.size, modifiedAtMs: found.mtimeMs } : undefined;
      },
      signal,
    );
  }

  async *list(
    prefix: string,
    { after = '' }: { readonly after?: string } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<StoredObject, void, undefined> {
    checkPrefix(prefix);
    this.requests.list += 1;
    for await (const key of this.#keysBelow('', prefix, after, signal)) {
      const path = join(this.#folder, key);
      const found = await this.#trying('look at', key, () => statIfThere(path), signal);
      // It may have gone meanwhile.
      if (found?.isFile() === true) yield { key, bytes: found.size, modifiedAtMs: found.mtimeMs };
    }
  }

  async remove(key: string, signal?: AbortSignal): Promise<void> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    this.requests.delete += 1;
    await this.#trying(
      'remove',
      key,
      async () => {
        try {
          await unlink(path);
        } catch (error) {
          if (systemCodeOf(error) === 'ENOENT') return;
          throw error;
        }
        await syncFolder(dirname(path));
      },
      signal,
    );
  }

  async listAbandoned(olderThanMs: number, signal?: AbortSignal, place = ''): Promise<readonly AbandonedUpload[]> {
    const found: AbandonedUpload[] = [];
    for await (const { path, begunAtMs } of this.#oldTemporaries(olderThanMs, place, signal)) {
      found.push({ key: relative(this.#folder, path), begunAtMs });
    }
    return found;
  }

  async removeAbandoned(olderThanMs: number, signal?: AbortSignal, place = ''): Promise<number> {
    let removed = 0;
    for await (const { path } of this.#oldTemporaries(olderThanMs, place, signal)) {
      this.requests.delete += 1;
      await this.#trying('remove', undefined, () => unlink(path), signal);
      removed += 1;
    }
    return removed;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #pathOf(key: string): string {
    checkKey(key);
    return join(this.#folder, key);
  }

  /** @param late gets what comes when nobody waits for it any more */
  async #trying<T>(
    tried: string,
    key: string | undefined,
    work: () => Promise<T>,
    signal: AbortSignal | undefined,
    late?: (value: T) => void,
  ): Promise<T> {
    if (this.#calls.hanging > 0) throw hanging(this.url, tried);
    try {
      return await this.#calls.wait(work(), signal, late);
    } catch (error) {
      throw localError(error, tried, this.url, key);
    }
  }

  /** Ascending, without reading folders that cannot hold a key with the prefix behind `after`. */
  async *#keysBelow(
    folder: string,
    prefix: string,
    after: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string, void, undefined> {
    signal?.throwIfAborted();
    for (const name of await this.#namesIn(folder, signal)) {
      const key = folder + name;
      if (name.endsWith('/')) {
        const mayHold = key.startsWith(prefix) || prefix.startsWith(key);
        // All keys below it sort as it does, or begin with it.
        if (mayHold && (key > after || after.startsWith(key))) yield* this.#keysBelow(key, prefix, after, signal);
      } else if (key.startsWith(prefix) && key > after) yield key;
    }
  }

  /** Names of files and folders, these with a slash at their end, so that they sort as the keys do. */
  async #namesIn(folder: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const entries = await this.#entriesOf(join(this.#folder, folder), signal);
    return entries
      .filter((entry) => !entry.name.startsWith('.'))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort((a, b) => (a < b ? -1 : 1));
  }

  async *#oldTemporaries(olderThanMs: number, place: string, signal: AbortSignal | undefined) {
    checkPrefix(place);
    this.requests.list += 1;
    for await (const path of this.#temporaryFiles(join(this.#folder, place), signal)) {
      const found = await this.#trying('look at', undefined, () => statIfThere(path), signal);
      const isOld = found !== undefined && Date.now() - found.mtimeMs > olderThanMs;
      if (isOld && !this.#writing.has(path)) yield { path, begunAtMs: found.mtimeMs };
    }
  }

  async *#temporaryFiles(folder: string, signal: AbortSignal | undefined): AsyncGenerator<string, void, undefined> {
    signal?.throwIfAborted();
    for (const entry of await this.#entriesOf(folder, signal)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* this.#temporaryFiles(path, signal);
      else if (entry.isFile() && isTemporary(entry.name)) yield path;
    }
  }

  async #entriesOf(path: string, signal: AbortSignal | undefined) {
    return await this.#trying(
      'list',
      undefined,
      async () => {
        try {
          return await readdir(path, { withFileTypes: true });
        } catch (error) {
          if (systemCodeOf(error) === 'ENOENT') return [];
          throw error;
        }
      },
      signal,
    );
  }
}

async function statIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

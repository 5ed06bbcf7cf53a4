import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ByteRange,
  type PutOptions,
  type Store,
  type StoredObject,
  StoreError,
  type StoreRequests,
} from '../../../src/backup/store/store.ts';
import { all } from './segments.ts';

/** The least that can be called a store: a folder, with a place to put faults in. */
export class FolderStore implements Store {
  readonly url: string;
  readonly kind = 'local';
  readonly requests: StoreRequests = { put: 0, get: 0, head: 0, list: 0, delete: 0 };
  readonly #folder: string;
  /** Called before each request; what it throws the request fails with. */
  fault: (request: 'put' | 'get' | 'list' | 'remove', key: string) => void = () => undefined;
  /** Called after an object is there; what it throws is an answer that was lost. */
  lost: (key: string) => void = () => undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.url = `file://${folder}`;
  }

  async put(key: string, body: Buffer | AsyncIterable<Buffer>, _options?: PutOptions): Promise<{ bytes: number }> {
    this.fault('put', key);
    const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(await all(body));
    const path = join(this.#folder, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.tmp`, bytes);
    await rename(`${path}.tmp`, path);
    this.lost(key);
    return { bytes: bytes.length };
  }

  async *get(key: string, range?: ByteRange): AsyncGenerator<Buffer, void, undefined> {
    this.fault('get', key);
    const end = range?.toByte === undefined ? {} : { end: range.toByte - 1 };
    try {
      yield* createReadStream(join(this.#folder, key), { start: range?.fromByte ?? 0, ...end });
    } catch (error) {
      throw new StoreError('STORE_NOT_FOUND', `There is no ${key}.`, { key, cause: error });
    }
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const found = await stat(join(this.#folder, key)).catch(() => undefined);
    return found === undefined ? undefined : { key, bytes: found.size, modifiedAtMs: found.mtimeMs };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject, void, undefined> {
    this.fault('list', prefix);
    const names = await readdir(join(this.#folder, prefix)).catch(() => []);
    for (const name of names.toSorted()) {
      const object = name.endsWith('.tmp') ? undefined : await this.head(`${prefix}${name}`);
      if (object !== undefined) yield object;
    }
  }

  async remove(key: string): Promise<void> {
    this.fault('remove', key);
    await rm(join(this.#folder, key), { force: true });
  }

  /** The whole object, for tests that look inside or damage it. */
  read(key: string): Promise<Buffer> {
    return readFile(join(this.#folder, key));
  }

  async listAbandoned(): Promise<readonly []> {
    return [];
  }

  async removeAbandoned(): Promise<number> {
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

import { checkKey, checkPrefix } from './keys.ts';
import { noRequests } from './request-counts.ts';
import { S3Bucket } from './s3/bucket.ts';
import { ConditionalPuts } from './s3/conditional.ts';
import { s3Error } from './s3/errors.ts';
import { headObject } from './s3/head.ts';
import { listPage } from './s3/list.ts';
import type { S3Options } from './s3/options.ts';
import { putObject } from './s3/put.ts';
import { readObject } from './s3/read.ts';
import { reclassObject } from './s3/reclass.ts';
import { abortUpload, oldUploads } from './s3/uploads.ts';
import type { AbandonedUpload, ByteRange, PutOptions, Store, StoredObject } from './store.ts';

/**
 * A store in a bucket of S3 or of a server that speaks it. The SDK is loaded, and the first request made, when something is
 * asked of it. What may pass is tried again for as long as `patience` says, by default an hour and a half.
 */
export class S3Store implements Store {
  readonly kind = 'remote';
  readonly url: string;
  readonly requests = noRequests();
  readonly #bucket: S3Bucket;
  readonly #conditional: ConditionalPuts;
  readonly #putting = new Map<string, number>();

  /** @param prefix where it begins in the bucket; empty for the whole of it */
  constructor(bucket: string, prefix: string, options: S3Options) {
    this.#bucket = new S3Bucket(bucket, prefix, options, this.requests);
    this.#conditional = new ConditionalPuts(this.#bucket);
    this.url = this.#bucket.url;
  }

  async put(
    key: string,
    body: Buffer | AsyncIterable<Buffer>,
    options: PutOptions = {},
    signal?: AbortSignal,
  ): Promise<{ readonly bytes: number }> {
    checkKey(key);
    this.#putting.set(key, (this.#putting.get(key) ?? 0) + 1);
    try {
      return await this.#trying(`put ${key}`, key, signal, () =>
        putObject(this.#bucket, this.#conditional, key, body, options, signal),
      );
    } finally {
      const others = (this.#putting.get(key) ?? 1) - 1;
      if (others > 0) this.#putting.set(key, others);
      else this.#putting.delete(key);
    }
  }

  async *get(
    key: string,
    range: Partial<ByteRange> = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer, void, undefined> {
    checkKey(key);
    try {
      yield* readObject(this.#bucket, key, range, signal);
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : s3Error(error, `get ${key}`, this.url, key);
    }
  }

  async head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    checkKey(key);
    return await this.#trying(`look at ${key}`, key, signal, async () => {
      const found = await headObject(this.#bucket, key, signal);
      if (found === undefined) return undefined;
      const { putId: _, ...object } = found;
      return object;
    });
  }

  async *list(
    prefix: string,
    { after }: { readonly after?: string } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<StoredObject, void, undefined> {
    checkPrefix(prefix);
    let token: string | undefined;
    do {
      const from = { after, token };
      const page = await this.#trying(`list ${prefix}`, undefined, signal, () =>
        listPage(this.#bucket, prefix, from, signal),
      );
      yield* page.objects;
      token = page.next;
    } while (token !== undefined);
  }

  async remove(key: string, signal?: AbortSignal): Promise<void> {
    checkKey(key);
    const abortable = signal === undefined ? {} : { abortSignal: signal };
    await this.#trying(`remove ${key}`, key, signal, () =>
      this.#bucket.ask(
        `remove ${key}`,
        ({ sdk, client }) => client.send(new sdk.DeleteObjectCommand(this.#bucket.named(key)), abortable),
        signal,
      ),
    );
  }

  async reclass(key: string, storageClass: string, signal?: AbortSignal): Promise<boolean> {
    checkKey(key);
    return await this.#trying(`move ${key} to ${storageClass}`, key, signal, () =>
      reclassObject(this.#bucket, key, storageClass, signal),
    );
  }

  async listAbandoned(olderThanMs: number, signal?: AbortSignal, place = ''): Promise<readonly AbandonedUpload[]> {
    return await this.#trying('list uploads that have not ended', undefined, signal, async () => {
      const found: AbandonedUpload[] = [];
      for await (const { Key, initiatedAtMs } of this.#oldUploads(olderThanMs, place, signal)) {
        found.push({ key: Key.slice(this.#bucket.prefix.length), begunAtMs: initiatedAtMs });
      }
      return found;
    });
  }

  async removeAbandoned(olderThanMs: number, signal?: AbortSignal, place = ''): Promise<number> {
    return await this.#trying('take away uploads that have not ended', undefined, signal, async () => {
      let aborted = 0;
      for await (const upload of this.#oldUploads(olderThanMs, place, signal)) {
        await abortUpload(this.#bucket, upload, signal);
        aborted += 1;
      }
      return aborted;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bucket.close();
  }

  #oldUploads(olderThanMs: number, place: string, signal: AbortSignal | undefined) {
    const begin = place === '' ? '' : `${place.replace(/\/$/, '')}/`;
    checkPrefix(begin);
    return oldUploads(this.#bucket, begin, olderThanMs, (key) => this.#putting.has(key), signal);
  }

  async #trying<T>(
    tried: string,
    key: string | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Whoever ended it gets its own reason back, also one that reads like a fault of the network.
      throw signal?.aborted === true ? signal.reason : s3Error(error, tried, this.url, key);
    }
  }
}

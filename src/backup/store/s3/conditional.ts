import type { S3Bucket } from './bucket.ts';
import { saidBy } from './errors.ts';

/** Lies beside everything else, of one byte; never listed, since no key begins with a dot. */
const PROBE_NAME = '.conditional-put';

/**
 * Whether the server refuses a put under `If-None-Match: *` where there is an object. Some ignore the header and replace it:
 * that is found out once, with an object of our own that stays.
 */
export class ConditionalPuts {
  readonly #bucket: S3Bucket;
  #honoured: boolean | undefined;

  constructor(bucket: S3Bucket) {
    this.#bucket = bucket;
  }

  async areHonoured(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#honoured === undefined) {
      // The second one finds what the first one has put.
      this.#honoured = (await this.#isRefused(signal)) ?? (await this.#isRefused(signal)) ?? false;
      if (!this.#honoured) this.#tell();
    }
    return this.#honoured;
  }

  /** Undefined: it was put. False: the server says that it does not know the header. */
  async #isRefused(signal: AbortSignal | undefined): Promise<boolean | undefined> {
    try {
      await this.#bucket.ask(
        'put the probe of conditional writes',
        async ({ sdk, client }) => {
          const command = new sdk.PutObjectCommand({
            ...this.#bucket.named(PROBE_NAME),
            ...(await this.#bucket.customerKey()),
            Body: Buffer.from('1'),
            IfNoneMatch: '*',
          });
          return await client.send(command, signal === undefined ? {} : { abortSignal: signal });
        },
        signal,
      );
      return undefined;
    } catch (error) {
      const { status, name } = saidBy(error);
      if (status === 412) return true;
      if (status === 501 || name === 'NotImplemented' || name === 'InvalidArgument') return false;
      throw error;
    }
  }

  #tell(): void {
    this.#bucket.notice({
      code: 'STORE_NOT_CONDITIONAL',
      message:
        `${this.#bucket.url} does not know conditional writes (If-None-Match): whether an object is there is looked up before ` +
        'and after it is put. Two writers in the same second could both believe that they were the first.',
    });
  }
}

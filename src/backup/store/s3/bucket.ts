import { patiently } from '../patience.ts';
import type { RequestCounts } from '../request-counts.ts';
import { connectS3, type S3Connection } from './connection.ts';
import { type CustomerKeyFields, customerKeyFrom } from './customer-key.ts';
import { type Prospect, prospectOf } from './errors.ts';
import { type S3Options, type StoreNotice, s3Defaults } from './options.ts';

/** How often in a row what helps only briefly is tried. */
const BRIEF_ATTEMPTS = 4;

/** One bucket, or a folder of it, and how it is asked: with patience, and counted. */
export class S3Bucket {
  readonly name: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  readonly url: string;
  readonly options: S3Options;
  readonly patience: NonNullable<S3Options['patience']>;
  readonly #counts: RequestCounts;
  readonly #customerKey: (() => Promise<CustomerKeyFields>) | undefined;
  readonly #noticed = new Set<string>();
  #connection: Promise<S3Connection> | undefined;

  constructor(name: string, prefix: string, options: S3Options, counts: RequestCounts) {
    this.name = name;
    this.prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    this.url = `s3://${name}/${this.prefix}`.replace(/\/$/, '');
    this.options = options;
    this.patience = options.patience ?? s3Defaults.patience;
    this.#counts = counts;
    const { encryption } = options;
    if (encryption?.kind === 'sse-c') this.#customerKey = customerKeyFrom(encryption.keyFile);
  }

  /** The client, made when it is first needed. */
  async connection(): Promise<S3Connection> {
    this.#connection ??= connectS3(this.options, this.#counts);
    const connection = await this.#connection;
    await connection.refreshTrust();
    return connection;
  }

  /** The names of an object in a request. */
  named(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.name, Key: this.prefix + key };
  }

  /** What a request that reads or writes content says of a key that the server does not keep. */
  async customerKey(): Promise<CustomerKeyFields | Record<never, never>> {
    return (await this.#customerKey?.()) ?? {};
  }

  /** Makes a request until it succeeds or fails for good; throws what the SDK said last. */
  async ask<T>(
    what: string,
    request: (connection: S3Connection) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return await patiently(
      what,
      async () => await request(await this.connection()),
      worthAnotherAttempt,
      this.patience,
      signal,
    );
  }

  /** Tells a notice, once. */
  notice(notice: StoreNotice): void {
    if (this.#noticed.has(notice.code)) return;
    this.#noticed.add(notice.code);
    this.options.onNotice?.(notice);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    connection?.client.destroy();
  }
}

/** Whether an error may pass, after so many failures in a row. */
export function worthAnotherAttempt(error: unknown, failures: number): boolean {
  const prospect: Prospect = prospectOf(error);
  return prospect === 'passes' || (prospect === 'briefly' && failures < BRIEF_ATTEMPTS);
}

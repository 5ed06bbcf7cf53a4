import { createHash, type Hash } from 'node:crypto';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Digest } from '../manifest.ts';
import { ContentReader, type SnapshotContent } from './bolt/content.ts';

/** Etcd ends a snapshot with the SHA-256 of everything before it. */
const TRAILER_BYTES = 32;

/** What is known of a snapshot when all of it has passed by. */
export interface CheckedSnapshot {
  /** Of the whole file, etcd's trailer included. */
  readonly plain: Digest;
  readonly content: SnapshotContent;
}

/**
 * Passes a snapshot on and looks at it meanwhile. The bytes end cleanly only when etcd's own checksum at the end is right and
 * the content can be read: whoever consumes them sees an error otherwise, never a short snapshot.
 */
export class SnapshotCheck {
  readonly #member: string;
  readonly #hash: Hash = createHash('sha256');
  readonly #content = new ContentReader();
  #held: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #result: CheckedSnapshot | undefined;

  /** @param member that it comes from, for errors */
  constructor(member: string) {
    this.#member = member;
  }

  /** Bytes that have passed by so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a key below `/registry/` has passed by so far. */
  get kubernetes(): boolean {
    return this.#content.kubernetes;
  }

  /** What it was, when the last byte has passed by. Throws before that. */
  finished(): CheckedSnapshot {
    if (this.#result === undefined) throw new Error(`the snapshot of ${this.#member} has not ended yet`);
    return this.#result;
  }

  /**
   * The same bytes, in the same order. Throws `SNAPSHOT_CUT` where there are too few, `SNAPSHOT_DAMAGED` where the checksum is
   * another one, `SNAPSHOT_UNREADABLE`, and whatever the source throws.
   */
  async *pass(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of source) {
      this.#bytes += chunk.length;
      this.#look(chunk);
      yield chunk;
    }
    this.#end();
  }

  /** Everything but the last bytes, which may be the trailer. */
  #look(chunk: Buffer): void {
    const heldBytes = Math.min(TRAILER_BYTES, this.#held.length + chunk.length);
    const fromHeld = Math.min(this.#held.length, this.#held.length + chunk.length - heldBytes);
    if (fromHeld > 0) this.#inspect(this.#held.subarray(0, fromHeld));
    const fromChunk = chunk.length - Math.min(chunk.length, heldBytes);
    if (fromChunk > 0) this.#inspect(chunk.subarray(0, fromChunk));
    this.#held = Buffer.concat([this.#held.subarray(fromHeld), chunk.subarray(fromChunk)]);
  }

  #inspect(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#content.write(bytes);
  }

  #end(): void {
    if (this.#held.length < TRAILER_BYTES || this.#bytes === TRAILER_BYTES) {
      throw this.#error('SNAPSHOT_CUT', `ended after ${this.#bytes} bytes`);
    }
    const whole = this.#hash.copy().update(this.#held).digest('hex');
    if (!this.#hash.digest().equals(this.#held)) {
      throw this.#error(
        'SNAPSHOT_DAMAGED',
        `of ${this.#bytes} bytes does not end with the SHA-256 of what was received`,
      );
    }
    this.#result = { plain: { bytes: this.#bytes, sha256: whole }, content: this.#content.end() };
  }

  #error(code: string, what: string): AgentError {
    return new AgentError(code, `The snapshot of ${this.#member} ${what}.`, {
      member: this.#member,
      remedy: 'Nothing of it is kept. Look at the log of etcd and at the network, then take another one.',
    });
  }
}

/** Reads the beginning of a stream in pieces of known size, and gives the rest as it comes. Its owner closes it. */
export class ByteReader implements AsyncDisposable {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #failure: unknown;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** What the stream itself failed with, if it has: that says nothing of the object. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The next `bytes` bytes. Throws a plain `Error` where the stream ends before. */
  async exactly(bytes: number): Promise<Buffer> {
    const pieces = [this.#rest];
    let have = this.#rest.length;
    while (have < bytes) {
      const next = await this.#next();
      if (next.done === true) throw new Error(`it ends after ${have} of ${bytes} bytes`);
      pieces.push(next.value);
      have += next.value.length;
    }
    const all = Buffer.concat(pieces);
    this.#rest = all.subarray(bytes);
    return all.subarray(0, bytes);
  }

  /** Everything that has not been read yet. */
  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#rest.length > 0) yield this.#rest;
    for (let next = await this.#next(); next.done !== true; next = await this.#next()) yield next.value;
  }

  async #next(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#source.next();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Lets go of the stream. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }
}

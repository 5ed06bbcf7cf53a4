const CUT_OFF = 'the message is cut off';

/**
 * Reads protobuf's wire format in place: no reflection and no copies, so that a scan of the keyspace is bound by etcd
 * and not by us. Byte fields are views of the message's buffer. Throws `RangeError` where a message is cut off; gRPC
 * turns that into an error of the call.
 *
 * The format: https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  readonly #buffer: Buffer;
  #at = 0;
  #low = 0;
  #high = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** The whole message's end, for the outermost `tag` loop. */
  get length(): number {
    return this.#buffer.length;
  }

  /** The next field's tag (number * 8 + wire type), or 0 at `end`. */
  tag(end: number): number {
    if (this.#at >= end) return 0;
    this.#varint();
    return this.#low;
  }

  /** Length of the embedded message that follows, as the offset of its end. */
  messageEnd(): number {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#buffer.length) throw new RangeError(CUT_OFF);
    return end;
  }

  bytes(): Buffer {
    const end = this.messageEnd();
    const view = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  /** Steps over a byte field; gives its length. */
  skipBytes(): number {
    const end = this.messageEnd();
    const length = end - this.#at;
    this.#at = end;
    return length;
  }

  text(): string {
    const end = this.messageEnd();
    const text = this.#buffer.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  /** An integer that is known to be below 2^53: sizes, counts, enums. Negative int64 come out negative. */
  number(): number {
    this.#varint();
    return (this.#high | 0) * 0x1_0000_0000 + this.#low;
  }

  uint64(): bigint {
    this.#varint();
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  /** A uint64 as etcd prints ids: hexadecimal without leading zeros. */
  id(): string {
    this.#varint();
    if (this.#high === 0) return this.#low.toString(16);
    return this.#high.toString(16) + this.#low.toString(16).padStart(8, '0');
  }

  /** Steps over a field that this program does not know. */
  skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === 0) this.#varint();
    else if (wireType === 2) this.#at = this.messageEnd();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 5) this.#at += 4;
    else throw new RangeError(`wire type ${wireType} is not used by etcd`);
    if (this.#at > this.#buffer.length) throw new RangeError(CUT_OFF);
  }

  #byte(): number {
    const byte = this.#buffer[this.#at++];
    if (byte === undefined) throw new RangeError(CUT_OFF);
    return byte;
  }

  /** Reads one varint into two unsigned halves: a bigint for every field would cost more than all the rest. */
  #varint(): void {
    let low = 0;
    let high = 0;
    let shift = 0;
    let byte = 0;
    do {
      byte = this.#byte();
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x7f) << 28;
        high = (byte & 0x7f) >> 4;
      } else if (shift < 70) high |= (byte & 0x7f) << (shift - 32);
      else throw new RangeError('a varint is longer than ten bytes');
      shift += 7;
    } while (byte >= 0x80);
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }
}

/**
 * Reads protobuf's wire format as strictly as etcd's generated code does: what that refuses is refused here, so that a damaged
 * record is found by both. Throws `RangeError` where a message is not well-formed.
 *
 * The format: https://protobuf.dev/programming-guides/encoding/
 */
export class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;
  #low = 0;
  #high = 0;
  #field = 0;
  #wireType = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Number of the field that `next` went to. */
  get field(): number {
    return this.#field;
  }

  /** Offset of the byte behind what has been read. */
  get offset(): number {
    return this.#at;
  }

  /** Goes to the next field; false at the end. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    this.#varint();
    this.#field = (this.#low >>> 3) + (this.#high & 0x7) * 0x2000_0000;
    this.#wireType = this.#low & 7;
    if (this.#field === 0) throw new RangeError('a field has the number 0');
    return true;
  }

  /** Goes to the next field; whether it is that one. */
  nextIs(field: number): boolean {
    return this.next() && this.#field === field;
  }

  uint64(): bigint {
    this.#expect(0);
    this.#varint();
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** The lower 32 bits of an integer. */
  uint32(): number {
    this.#expect(0);
    this.#varint();
    return this.#low;
  }

  /** A view of a byte field. */
  bytes(): Buffer {
    const end = this.#lengthEnd();
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  /** Length of a byte field, whether or not all of it is there; goes to its first byte. */
  byteCount(): number {
    this.#expect(2);
    this.#varint();
    return this.#low;
  }

  /** Steps over a field that does not count here, as long as it has the wire type that its message gives it. */
  skipAs(wireType: 0 | 2): void {
    this.#expect(wireType);
    this.skip();
  }

  /** Steps over a field that nobody knows. */
  skip(): void {
    if (this.#wireType === 0) this.#varint();
    else if (this.#wireType === 1) this.#at += 8;
    else if (this.#wireType === 2) this.#at = this.#lengthEnd();
    else if (this.#wireType === 5) this.#at += 4;
    else throw new RangeError(`a field has the wire type ${this.#wireType}`);
    if (this.#at > this.#bytes.length) throw new RangeError('a field is cut off');
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw new RangeError(`field ${this.#field} has the wire type ${this.#wireType}`);
  }

  #lengthEnd(): number {
    this.#expect(2);
    this.#varint();
    const end = this.#at + this.#low;
    if (this.#high !== 0 || end > this.#bytes.length) throw new RangeError('a field is cut off');
    return end;
  }

  /** In two unsigned halves: a bigint for every number would cost more than all the rest. */
  #varint(): void {
    let [low, high, shift, byte] = [0, 0, 0, 0x80];
    while (byte >= 0x80) {
      byte = this.#bytes[this.#at++] ?? -1;
      if (byte < 0) throw new RangeError('a number is cut off');
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x7f) << 28;
        high = (byte & 0x7f) >> 4;
      } else if (shift < 70) high |= (byte & 0x7f) << (shift - 32);
      else throw new RangeError('a number is longer than ten bytes');
      shift += 7;
    }
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** Most messages are smaller. */
const FIRST_BYTES = 256;
/** Of a tag or an integer. */
const MAX_VARINT_BYTES = 10;

/**
 * Writes protobuf's wire format, field by field, into one buffer that grows. Default values (0, false, empty) are left out, as
 * proto3 has it.
 */
export class WireWriter {
  #buffer: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  bytes(field: number, value: Buffer | undefined): this {
    if (value === undefined || value.length === 0) return this;
    return this.#delimited(field, value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  bool(field: number, value: boolean | undefined): this {
    return value === true ? this.#tagged(field, 1) : this;
  }

  /** Any int64 or uint64; negative numbers as two's complement. */
  integer(field: number, value: bigint | number | undefined): this {
    if (value === undefined) return this;
    const integer = BigInt.asUintN(64, BigInt(value));
    if (integer === 0n) return this;
    return this.#tagged(field, integer <= Number.MAX_SAFE_INTEGER ? Number(integer) : integer);
  }

  /** An embedded message; written even when it is empty, since its presence means something. */
  message(field: number, message: Buffer): this {
    return this.#delimited(field, message);
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  #tagged(field: number, value: number | bigint): this {
    this.#reserve(2 * MAX_VARINT_BYTES);
    this.#varint(field * 8 + VARINT);
    if (typeof value === 'number') this.#varint(value);
    else this.#largeVarint(value);
    return this;
  }

  #delimited(field: number, value: Buffer): this {
    this.#reserve(2 * MAX_VARINT_BYTES + value.length);
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#at += value.copy(this.#buffer, this.#at);
    return this;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  /** Below 2^53: a bigint for every field would cost more than all the rest. */
  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#at++] = rest;
  }

  #largeVarint(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#at++] = Number(rest);
  }
}

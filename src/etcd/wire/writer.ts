const VARINT = 0;
const LENGTH_DELIMITED = 2;

/**
 * Writes protobuf's wire format, field by field. Default values (0, false, empty) are left out, as proto3 has it.
 */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  bytes(field: number, value: Buffer | undefined): this {
    if (value === undefined || value.length === 0) return this;
    return this.#delimited(field, value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  bool(field: number, value: boolean | undefined): this {
    return value === true ? this.#tagged(field, 1n) : this;
  }

  /** Any int64 or uint64; negative numbers as two's complement. */
  integer(field: number, value: bigint | number | undefined): this {
    if (value === undefined) return this;
    const integer = BigInt.asUintN(64, BigInt(value));
    return integer === 0n ? this : this.#tagged(field, integer);
  }

  /** An embedded message; written even when it is empty, since its presence means something. */
  message(field: number, message: Buffer): this {
    return this.#delimited(field, message);
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #tagged(field: number, value: bigint): this {
    this.#parts.push(varint(BigInt(field * 8 + VARINT)), varint(value));
    return this;
  }

  #delimited(field: number, value: Buffer): this {
    this.#parts.push(varint(BigInt(field * 8 + LENGTH_DELIMITED)), varint(BigInt(value.length)), value);
    return this;
  }
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

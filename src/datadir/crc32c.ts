/** Reversed polynomial of Castagnoli, as etcd's WAL uses it. */
const POLYNOMIAL = 0x82f63b78;

const tables: readonly Uint32Array[] = tablesOf();

/** The table of one byte, and those that let four of them be taken at once. */
function tablesOf(): readonly Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    return crc >>> 0;
  });
  const all = [first];
  for (let index = 1; index < 8; index += 1) {
    const before = all[index - 1] ?? first;
    all.push(before.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] ?? 0)));
  }
  return all;
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as readonly [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/**
 * CRC-32C of what `crc` is the sum of, followed by `bytes`: begins with 0. Eight bytes at a time, since Node has only the other
 * polynomial built in and a WAL may be hundreds of megabytes.
 */
export function crc32c(crc: number, bytes: Uint8Array): number {
  let sum = ~crc;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    const low = sum ^ at4(bytes, at);
    sum =
      (t7[low & 0xff] as number) ^
      (t6[(low >>> 8) & 0xff] as number) ^
      (t5[(low >>> 16) & 0xff] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[bytes[at + 4] as number] as number) ^
      (t2[bytes[at + 5] as number] as number) ^
      (t1[bytes[at + 6] as number] as number) ^
      (t0[bytes[at + 7] as number] as number);
  }
  for (; at < bytes.length; at += 1) sum = (sum >>> 8) ^ (t0[(sum ^ (bytes[at] as number)) & 0xff] as number);
  return ~sum >>> 0;
}

function at4(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

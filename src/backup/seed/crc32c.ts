/** Castagnoli's polynomial, reversed: the checksum of etcd's WAL. */
const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
  return value >>> 0;
});

/** The CRC-32C of bytes, going on from that of what comes before them. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before >>> 0;
  for (const byte of bytes) crc = ((table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)) >>> 0;
  return ~crc >>> 0;
}

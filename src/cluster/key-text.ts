import { isUtf8 } from 'node:buffer';

const unsafe = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/**
 * Bytes of a key as text: valid UTF-8, different for different bytes. What is no UTF-8, control characters and backslashes
 * are written as `\xNN`.
 */
export function keyText(bytes: Buffer): string {
  if (isUtf8(bytes)) {
    return bytes.toString('utf8').replace(unsafe, (match) => hex(Buffer.from(match)));
  }
  let text = '';
  let start = 0;
  while (start < bytes.length) {
    const length = characterLength(bytes, start);
    const slice = bytes.subarray(start, start + Math.max(1, length));
    text += length === 0 ? hex(slice) : slice.toString('utf8').replace(unsafe, (match) => hex(Buffer.from(match)));
    start += slice.length;
  }
  return text;
}

/** The bytes that `keyText` wrote, `\xNN` being one of them; undefined where a backslash begins anything else. */
export function keyOfText(text: string): Buffer | undefined {
  const parts = text.split(/\\x([0-9a-fA-F]{2})/);
  if (parts.some((part) => part.includes('\\'))) return undefined;
  // Every second one is a byte.
  return Buffer.concat(parts.map((part, index) => Buffer.from(part, index % 2 === 1 ? 'hex' : 'utf8')));
}

function hex(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Bytes of the UTF-8 character that begins here, or 0 where none does. */
function characterLength(bytes: Buffer, start: number): number {
  const first = bytes[start] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  const character = bytes.subarray(start, start + length);
  // Overlong forms and surrogates decode to U+FFFD, and then the bytes do not come back.
  return character.length === length && Buffer.from(character.toString('utf8')).equals(character) ? length : 0;
}

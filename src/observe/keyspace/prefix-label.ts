import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

/** What stands for keys without any `/`. */
const NO_PREFIX = '(no prefix)';
/** What stands for all prefixes that are not shown. */
export const OTHER = 'other';

/** Longest label in characters: a page of a thousand of them stays below 200 KiB. */
const MAX_LENGTH = 160;
const HASH_LENGTH = 8;

/**
 * A prefix as text for labels and tables: valid UTF-8, of bounded length, never empty, and different for different
 * prefixes. The closing `/` is left out where that is plain to read. Bytes that are no UTF-8, control characters and
 * backslashes are written as `\xNN`; a prefix that is too long is cut and ends in a piece of its SHA-256.
 */
export function prefixLabel(prefix: Buffer): string {
  if (prefix.length === 0) {
    return NO_PREFIX;
  }
  const whole = escapeBytes(prefix);
  const open = whole.slice(0, -1);
  const label = open === '' || open.endsWith('/') || open === OTHER || open === NO_PREFIX ? whole : open;
  if (label.length <= MAX_LENGTH) {
    return label;
  }
  const hash = createHash('sha256').update(prefix).digest('hex').slice(0, HASH_LENGTH);
  return `${label.slice(0, MAX_LENGTH - HASH_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…${hash}`;
}

const unsafe = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

function escapeBytes(bytes: Buffer): string {
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

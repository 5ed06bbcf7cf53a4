import { createHash } from 'node:crypto';
import { keyText } from './key-text.ts';

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
  const whole = keyText(prefix);
  const open = whole.slice(0, -1);
  const label = open === '' || open.endsWith('/') || open === OTHER || open === NO_PREFIX ? whole : open;
  if (label.length <= MAX_LENGTH) {
    return label;
  }
  const hash = createHash('sha256').update(prefix).digest('hex').slice(0, HASH_LENGTH);
  return `${label.slice(0, MAX_LENGTH - HASH_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…${hash}`;
}

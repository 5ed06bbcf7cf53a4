import { StoreError } from './store.ts';

/** S3 takes at most so many bytes; a part is also the name of a file, and a temporary one has a suffix. */
const MOST_BYTES = 900;
const MOST_PART_BYTES = 200;

/**
 * Refuses a key that could leave its place or collide with what a store keeps for itself: parts are printable ASCII, do not
 * begin with a dot, and are divided by single slashes. Throws `STORE_FAILED`: whoever makes keys is wrong.
 */
export function checkKey(key: string): void {
  const parts = key.split('/');
  const isFine =
    key.length <= MOST_BYTES && parts.every((part) => part.length <= MOST_PART_BYTES && /^[!-~]+$/.test(part));
  if (isFine && !key.includes('\\') && !parts.some((part) => part.startsWith('.'))) return;
  const shown = JSON.stringify(key.slice(0, 200));
  throw new StoreError('STORE_FAILED', `${shown} is no key: it could leave its place in the store.`, {
    remedy: 'Parts are printable ASCII without a dot at the beginning, divided by single slashes.',
  });
}

/** Refuses a prefix that could lead elsewhere: it is a key or the beginning of one, perhaps with a slash at its end. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(prefix.replace(/\/$/, ''));
}

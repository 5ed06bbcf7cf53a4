import * as z from 'zod';
import { leaf, reading } from './leaves.ts';
import type { Parsed } from './parsed.ts';

const allowed = 'file:///absolute/path or s3://bucket/prefix, or a list of these';

/**
 * Reads the URL of a backup store, `file:///folder` or `s3://bucket/prefix`. The server, the region and the credentials of a
 * bucket have keys of their own.
 */
function parseStoreUrl(text: string): Parsed<string> {
  if (text.startsWith('/')) return { problem: 'a path is written with file:// before it' };
  const url = URL.parse(text);
  if (url === null || /[\s\\]/.test(text)) return { problem: 'it is not a URL' };
  if (url.username !== '' || url.password !== '' || text.includes('@')) {
    return { problem: 'it has a user name or a password in it' };
  }
  if (url.search !== '' || url.hash !== '') return { problem: 'it has a query or a fragment' };
  if (url.protocol === 'file:') {
    const isFolder = text.startsWith('file:///') && url.pathname !== '/';
    return isFolder ? { value: text } : { problem: 'it names no folder (file:///absolute/path)' };
  }
  if (url.protocol !== 's3:') return { problem: 'it begins neither with file:// nor with s3://' };
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[!-~]*)?$/.test(text)) {
    return { problem: 'its bucket has no valid name (3 to 63 lower-case letters, digits, dots and dashes)' };
  }
  return { value: text };
}

/** Whether a store is on a disk of the machine. */
export function isLocalStore(url: string): boolean {
  return url.startsWith('file:');
}

/** One store or several, or none. */
export function storeUrls(about: string) {
  const one = z.string().transform((url) => [url]);
  const several = z.array(z.string());
  const schema = z.union([one, several]).pipe(z.array(z.string().transform(reading(parseStoreUrl))));
  // A URL that is wrong may hold a password in a way that nobody foresees.
  return leaf(schema, about, allowed, {
    form: 'list',
    wrongType: 'it is neither text nor a list of texts',
    hidden: true,
  });
}

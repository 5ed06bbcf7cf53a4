import { fileURLToPath } from 'node:url';
import { AgentError } from '../../cluster/agent-error.ts';
import { LocalStore } from './local.ts';
import type { S3Options } from './s3/options.ts';
import { S3Store } from './s3.ts';
import type { Store } from './store.ts';

/** Where a store is, read from its URL. */
export type StorePlace =
  | { readonly kind: 'local'; readonly folder: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

/** A URL that names no store: never repeats what may be a secret. */
function invalid(problem: string): AgentError {
  return new AgentError('STORE_URL_INVALID', `The URL of the store cannot be used: ${problem}.`, {
    remedy: 'Write file:///absolute/path or s3://bucket/prefix.',
  });
}

/** Reads the URL of a store: `file:///folder` or `s3://bucket/prefix`. Throws `STORE_URL_INVALID`. */
export function parseStoreUrl(text: string): StorePlace {
  if (text.startsWith('/')) throw invalid('a path is written with file:// before it');
  const url = URL.parse(text);
  if (url === null || /[\s\\]/.test(text)) throw invalid('it is not a URL');
  if (url.username !== '' || url.password !== '') throw invalid('it has a user name or a password in it');
  if (url.search !== '' || url.hash !== '') throw invalid('it has a query or a fragment');
  switch (url.protocol) {
    case 'file:':
      return { kind: 'local', folder: folderOf(url, text) };
    case 's3:':
      return bucketOf(url, text);
    default:
      throw invalid(`nothing is known of ${url.protocol}//`);
  }
}

function folderOf(url: URL, text: string): string {
  if (!text.startsWith('file:///')) throw invalid('a folder is written with three slashes: file:///absolute/path');
  let folder: string;
  try {
    folder = fileURLToPath(url);
  } catch {
    throw invalid('it is no path of this machine');
  }
  if (folder === '/') throw invalid('it is the root of the file system');
  if (folder.includes('\0')) throw invalid('it is no path of this machine');
  return folder;
}

function bucketOf(url: URL, text: string): StorePlace {
  const bucket = url.hostname;
  // Names in the older style may have capitals and underscores, which a URL would fold.
  const written = /^s3:\/\/([^/]*)/.exec(text)?.[1];
  if (url.port !== '' || written?.includes(':') === true) {
    throw invalid('it has a port: the server is named by backup.s3.endpoint');
  }
  if (bucket !== written || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw invalid('its bucket has no valid name (3 to 63 lower-case letters, digits, dots and dashes)');
  }
  const prefix = decoded(url.pathname).replace(/^\/+|\/+$/g, '');
  if (/\/\/|[^ -~]/.test(prefix) || prefix.split('/').some((part) => part === '.' || part === '..')) {
    throw invalid('its path is not a simple one');
  }
  return { kind: 's3', bucket, prefix };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid('its path is not a simple one');
  }
}

/**
 * Opens a store. Nothing is asked of it yet. Throws `STORE_URL_INVALID`.
 * @param s3 how buckets are reached; of no use for a folder
 */
export function openStore(url: string, { s3 = {} }: { readonly s3?: S3Options } = {}): Store {
  const place = parseStoreUrl(url);
  return place.kind === 'local' ? new LocalStore(place.folder) : new S3Store(place.bucket, place.prefix, s3);
}

import * as z from 'zod';
import { leaf, reading } from './leaves.ts';
import type { Parsed } from './parsed.ts';

/**
 * Reads the URL of somebody who is told something: `http(s)://host`, with or without port and path. Without a trailing
 * slash. What is likely to be a secret (a user, a query) does not belong into the configuration.
 */
export function parseReceiverUrl(text: string): Parsed<string> {
  if (!/^https?:\/\//.test(text)) return { problem: 'it does not begin with http:// or https://' };
  const url = URL.parse(text);
  if (url === null || /[\s\\]/.test(text)) return { problem: 'it is not a URL' };
  if (url.username !== '' || url.password !== '') {
    return { problem: 'a URL with a user name or a password in it is not accepted here' };
  }
  if (url.search !== '' || url.hash !== '') return { problem: 'it has a query or a fragment' };
  return { value: url.href.replace(/\/$/, '') };
}

/** A list of such URLs, which may be empty. @param options.secret a wrong one is never shown */
export function receiverUrls(about: string, { secret = false } = {}) {
  const file = secret ? '; URLs that hold a secret stand in notify.webhookFile' : '';
  const allowed = `a list of URLs, each http:// or https:// with a host, and a port and a path where needed${file}`;
  return leaf(z.array(z.string().transform(reading(parseReceiverUrl))), about, allowed, {
    form: 'list',
    wrongType: 'it is not a list of texts',
    hidden: secret,
  });
}

/** The URL of one server: `http(s)://host`, perhaps with a port. */
export function serverUrl(about: string) {
  const parse = (text: string): Parsed<string> => {
    const parsed = parseReceiverUrl(text);
    if ('problem' in parsed || new URL(parsed.value).pathname === '/') return parsed;
    return { problem: 'it has a path' };
  };
  const allowed = 'http:// or https:// with a host, and a port where needed';
  return leaf(z.string().transform(reading(parse)), about, allowed, { pattern: '^https?://[^/?#@]+/?$' });
}

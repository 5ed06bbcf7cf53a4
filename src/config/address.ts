import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { Parsed } from './parsed.ts';

/** Where the agent's HTTP server listens. */
export interface ListenAddress {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Only this machine can reach it: `localhost`, 127.0.0.0/8 or ::1. */
  readonly isLoopback: boolean;
}

/** An authority as URLs have it: `host:port`, IPv6 in brackets. The zone of a link-local address stays with it. */
function splitAuthority(text: string): Parsed<{ host: string; port: number }> {
  const match = /^(?:\[([^\][]*)\]|([^\][:]*)):([0-9]{1,5})$/.exec(text);
  if (match === null) {
    if (isIPv6(text) || /^[0-9a-fA-F:]*::[0-9a-fA-F:]*$/.test(text)) {
      return { problem: 'an IPv6 address stands in brackets, and a port follows it' };
    }
    return { problem: 'it is not a host and a port' };
  }
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return { problem: 'ports end at 65535' };
  if (bracketed !== undefined) {
    if (!isIPv6(bracketed)) return { problem: 'what stands in brackets is not an IPv6 address' };
    return { value: { host: bracketed, port } };
  }
  const host = plain ?? '';
  if (host === '') return { problem: 'it has no host; all interfaces are 0.0.0.0 or [::]' };
  // A name of digits and dots that is no address (300.1.1.1) is a slip of the pen, not a name.
  const isName =
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
  if (!isName.test(host) || (/^[0-9.]+$/.test(host) && !isIPv4(host))) {
    return { problem: 'its host is neither a name nor an IP address' };
  }
  return { value: { host, port } };
}

/** Whether a host is this machine alone. */
function isLoopbackHost(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === 'localhost' || host === '::1';
}

/** Reads `host:port` of a listener. */
export function parseListenAddress(text: string): Parsed<ListenAddress> {
  const authority = splitAuthority(text);
  if ('problem' in authority) return authority;
  return { value: { ...authority.value, isLoopback: isLoopbackHost(authority.value.host) } };
}

/** Writes `host:port`, IPv6 in brackets. */
export function formatListenAddress(address: { readonly host: string; readonly port: number }): string {
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

function splitUrl(text: string): Parsed<{ scheme: string; authority: string; path: string }> {
  const match = /^(https?):\/\/([^/?#]*)([^?#]*)(.*)$/.exec(text);
  if (match === null) return { problem: 'it does not begin with http:// or https://' };
  const [, scheme = '', authority = '', path = '', rest = ''] = match;
  if (authority.includes('@')) return { problem: 'a URL with a user name or a password in it is not accepted' };
  if (rest !== '') return { problem: 'it has a query or a fragment' };
  return { value: { scheme, authority, path } };
}

/** Reads an etcd endpoint: `http(s)://host:port` and nothing after it. Gives it without a trailing slash. */
export function parseEndpoint(text: string): Parsed<string> {
  const url = splitUrl(text);
  if ('problem' in url) return url;
  const authority = splitAuthority(url.value.authority);
  if ('problem' in authority) return authority;
  if (authority.value.port === 0) return { problem: 'port 0 cannot be reached' };
  if (url.value.path !== '' && url.value.path !== '/') return { problem: 'it has a path' };
  return { value: `${url.value.scheme}://${url.value.authority}` };
}

/** Reads the URL of a page: as an endpoint, but a path may follow. */
export function parsePageUrl(text: string): Parsed<string> {
  const url = splitUrl(text);
  if ('problem' in url) return url;
  const endpoint = parseEndpoint(`${url.value.scheme}://${url.value.authority}`);
  if ('problem' in endpoint) return endpoint;
  if (/\s/.test(url.value.path)) return { problem: 'it has a space in it' };
  return { value: text };
}

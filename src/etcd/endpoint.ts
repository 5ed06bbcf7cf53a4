import { EtcdError } from './errors.ts';

/** A member's URL, taken apart. */
export type Endpoint =
  | {
      readonly kind: 'tcp';
      readonly url: string;
      readonly secure: boolean;
      readonly host: string;
      readonly port: number;
    }
  | { readonly kind: 'unix'; readonly url: string; readonly secure: boolean; readonly path: string };

const DEFAULT_PORT = 2379;

/**
 * Takes a client URL apart. IPv6 addresses stand in brackets. Without a port it is etcd's own, 2379, not HTTP's. Throws
 * `ETCD_BAD_ENDPOINT`.
 */
export function parseEndpoint(url: string, member: string): Endpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'unix:' || parsed?.protocol === 'unixs:') {
    const path = `${parsed.host}${parsed.pathname}`;
    if (path !== '' && path !== '/') return { kind: 'unix', url, secure: parsed.protocol === 'unixs:', path };
  }
  const isWeb = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  const hasMore = parsed !== undefined && `${parsed.username}${parsed.password}${parsed.search}${parsed.hash}` !== '';
  if (parsed === undefined || !isWeb || hasMore || parsed.pathname !== '/') {
    throw new EtcdError('ETCD_BAD_ENDPOINT', `The endpoint of member ${member} is not a client URL: ${redact(url)}`, {
      member,
    });
  }
  const host = parsed.hostname.startsWith('[') ? parsed.hostname.slice(1, -1) : parsed.hostname;
  return { kind: 'tcp', url, secure: parsed.protocol === 'https:', host, port: portOf(url, parsed) };
}

/** `host:port` for gRPC and for people, IPv6 in brackets. */
export function hostAndPort(endpoint: Endpoint & { kind: 'tcp' }): string {
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}

/** URL drops the scheme's own port, so `http://host:80` has to be told from `http://host`. */
function portOf(url: string, parsed: URL): number {
  if (parsed.port !== '') return Number(parsed.port);
  const standard = parsed.protocol === 'https:' ? 443 : 80;
  return new RegExp(`:${standard}/?$`).test(url) ? standard : DEFAULT_PORT;
}

/** A URL may hold a password by mistake, and the password an `@`. */
export function redact(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//***@');
}

/** Where a peer or client URL leads. */
export interface EndpointAddress {
  readonly url: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/**
 * Host and port of a URL of a member, or undefined where it is not an `http` or `https` URL with a port (`unix://`,
 * garbage in the member list). The port may be left out where the scheme has one.
 */
export function parseEndpoint(url: string): EndpointAddress | undefined {
  if (!URL.canParse(url)) {
    return undefined;
  }
  const { protocol, hostname, port } = new URL(url);
  if (hostname === '' || (protocol !== 'http:' && protocol !== 'https:')) {
    return undefined;
  }
  const tls = protocol === 'https:';
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { url, host, port: port === '' ? (tls ? 443 : 80) : Number(port), tls };
}

/** `host:port`, with brackets where the host is an IPv6 address. */
export function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

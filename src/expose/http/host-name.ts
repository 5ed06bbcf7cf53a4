import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an IP address is this machine alone, also as an IPv4 address in IPv6 form (`::ffff:127.0.0.1`). */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) {
    return false;
  }
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The host of a `Host` header or of an authority, in lower case, without port and brackets; undefined when malformed. */
export function hostOf(authority: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/i.exec(authority);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

/**
 * Whether a request without credentials may come under this name. A page in a browser can be made to reach loopback
 * under a foreign name (DNS rebinding); under a name that can only mean this machine it cannot.
 * @param known further names, in lower case, as the one that is advertised.
 */
export function isLocalName(hostHeader: string | undefined, known: readonly string[]): boolean {
  if (hostHeader === undefined) {
    // Only HTTP/1.0 has none, and no browser speaks it.
    return true;
  }
  const host = hostOf(hostHeader);
  if (host === undefined) {
    return false;
  }
  return host === 'localhost' || isLoopbackAddress(host) || known.includes(host);
}

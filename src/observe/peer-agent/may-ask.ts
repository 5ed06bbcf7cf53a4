import { BlockList, isIP } from 'node:net';
import { AgentError } from '../../cluster/agent-error.ts';
import { parseEndpoint } from '../endpoint-url.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * The URL of another agent's page, if it may be asked. The URL comes out of etcd, where whoever may write there could have
 * put any: so outside this machine it has to be `https`, and its host one under which a member of the cluster is listed.
 * @param memberUrls client and peer URLs of the member list
 * @throws AgentError `PEER_AGENT_REFUSED`
 */
export function urlToAsk(base: string, path: string, memberUrls: Iterable<string>): URL {
  const url = URL.parse(base);
  const endpoint = parseEndpoint(base);
  if (url === null || endpoint === undefined || url.username !== '' || url.password !== '') {
    throw refused('an agent', 'what it gave as its URL is none');
  }
  if (!isLoopback(endpoint.host)) {
    if (!endpoint.tls) throw refused(url.host, 'it is on another machine, and its URL is not https');
    const hosts = new Set([...memberUrls].flatMap((each) => parseEndpoint(each)?.host ?? []));
    if (!hosts.has(endpoint.host)) throw refused(url.host, 'no member of the cluster is listed under this host');
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  url.search = '';
  url.hash = '';
  return url;
}

/** Whether a host is this machine alone. */
function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host === 'localhost';
  return loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** The refusal to ask. @param where host and port, nothing else of the URL */
export function refused(where: string, why: string): AgentError {
  return new AgentError('PEER_AGENT_REFUSED', `The agent at ${where} is not asked: ${why}.`, {
    remedy:
      'On several machines agents need expose.tls with cert, key and clientCa, and expose.advertise with a host of their member.',
  });
}

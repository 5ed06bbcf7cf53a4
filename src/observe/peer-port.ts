import type { Finding } from '../cluster/sections.ts';
import type { ListedMember } from '../etcd/types.ts';
import { parseEndpoint } from './endpoint-url.ts';

/**
 * The finding that `endpoint`, at which this member answered, is its peer port. Without TLS etcd answers clients there too,
 * so that everything seems well until a firewall or TLS between the peers ends it. Compares ports only, since a machine
 * goes by several addresses.
 */
export function peerPortFindings(
  endpoint: string,
  member: Pick<ListedMember, 'name' | 'peerUrls' | 'clientUrls'> | undefined,
): readonly Finding[] {
  const port = parseEndpoint(endpoint)?.port;
  const serves = (urls: readonly string[]): boolean => urls.some((url) => parseEndpoint(url)?.port === port);
  if (member === undefined || port === undefined || !serves(member.peerUrls) || serves(member.clientUrls)) return [];
  return [
    {
      code: 'PEER_PORT',
      severity: 'critical',
      message: `${endpoint} is the peer port of ${member.name}, where the members talk to each other, and no client port.`,
      remedy: `Use ${member.clientUrls.join(' or ') || "the URL of etcd's --listen-client-urls"} instead.`,
    },
  ];
}

import { faultOf } from '../../cluster/agent-error.ts';
import { type EndpointAddress, hostPort, parseEndpoint } from '../endpoint-url.ts';
import { type Credentials, TlsCredentials } from '../tls-credentials.ts';
import type { FoundCertificate } from './describe.ts';
import type { ReadUses } from './read-uses.ts';
import { nameFindings } from './relation-findings.ts';
import { readServedCertificates } from './served.ts';

/** An endpoint to look at. */
export interface ServedEndpoint {
  readonly role: 'served-client' | 'served-peer';
  readonly url: string;
}

export interface ReadEndpointsOptions {
  readonly client: TlsCredentials;
  readonly peer: TlsCredentials;
  /** The name that certificates of an endpoint of this role must carry instead of the URL's host. */
  readonly serverName: Readonly<Record<ServedEndpoint['role'], string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * What the `https` endpoints among these serve, each asked once. One that is down gives nothing: others say that. The
 * connections are all opened at once; a cluster has few members.
 */
export async function readEndpoints(
  endpoints: readonly ServedEndpoint[],
  options: ReadEndpointsOptions,
): Promise<ReadUses> {
  const anonymous = new TlsCredentials();
  const addresses = new Map<string, { readonly role: ServedEndpoint['role']; readonly target: EndpointAddress }>();
  for (const { role, url } of endpoints) {
    const target = parseEndpoint(url);
    if (target?.tls === true) {
      addresses.set(`${role} ${hostPort(target)}`, { role, target });
    }
  }
  const read = await Promise.all(
    [...addresses.values()].map(async ({ role, target }) => {
      const credentials = await usable(role === 'served-peer' ? options.peer : options.client, anonymous);
      return await readEndpoint(role, target, credentials, options);
    }),
  );
  return { found: read.flatMap(({ found }) => found), findings: read.flatMap(({ findings }) => findings) };
}

/** A certificate is only shown so that etcd logs nothing: what is served can be seen without one too. */
async function usable(credentials: TlsCredentials, anonymous: TlsCredentials): Promise<Credentials> {
  try {
    return await credentials.current();
  } catch {
    return await anonymous.current();
  }
}

async function readEndpoint(
  role: ServedEndpoint['role'],
  target: EndpointAddress,
  credentials: Credentials,
  { serverName, timeoutMs, signal }: ReadEndpointsOptions,
): Promise<ReadUses> {
  const source = hostPort(target);
  try {
    const chain = await readServedCertificates(target, credentials, { timeoutMs, signal });
    const [leaf] = chain;
    return {
      found: chain.map((certificate, index): FoundCertificate => ({ role, source, certificate, isLeaf: index === 0 })),
      findings: leaf === undefined ? [] : nameFindings(source, leaf, serverName[role] ?? target.host),
    };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message, remedy } = faultOf(error);
    return {
      found: [],
      findings: code === 'TLS_HANDSHAKE_FAILED' ? [{ code, severity: 'warning', message, remedy: remedy ?? '' }] : [],
    };
  }
}

import { linkedAbort } from '../abort/linked-abort.ts';
import { type EtcdVersion, parseVersion } from '../cluster/version.ts';
import { hostAndPort } from './endpoint.ts';
import { EtcdError } from './errors.ts';
import { openPage } from './metrics-request.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/** The member that is asked. */
type Asked = Pick<ResolvedOptions, 'member' | 'endpoint' | 'tls' | 'callTimeoutMs'>;

/** The page has some hundred bytes. */
const MOST_BYTES = 64 * 1024;

/**
 * Throws `ETCD_OLDER_MEMBERS` unless all members are known to be of 3.5 or newer. A call that older members do not know goes
 * through the raft log all the same when a newer one is asked, and ends each older one for good: it panics at that entry
 * ("not implemented"), and again at every start. Measured with AuthStatus asked of 3.5.30 beside 3.4.23; etcd issue 12987 is
 * of the same kind.
 * @param call for people
 */
export async function refuseBesideOlder(call: string, asked: Asked, signal?: AbortSignal): Promise<void> {
  let version: EtcdVersion | undefined;
  let cause: unknown;
  try {
    version = await clusterVersion(asked, signal);
  } catch (error) {
    cause = error;
  }
  if (version !== undefined && (version.major > 3 || version.minor >= 5)) return;
  const { member } = asked;
  const found = version === undefined ? 'is not known' : `is ${version.major}.${version.minor}`;
  throw new EtcdError(
    'ETCD_OLDER_MEMBERS',
    `${call} is not asked of member ${member}: it would end members that are older than 3.5, and the version of the cluster ${found}.`,
    { member, cause },
  );
}

/**
 * The version that all members of a cluster have agreed on, by the page `/version` of one: that of the oldest when it was raised
 * last, and no older one has been a member since. Undefined where the page does not say, or is not looked for (a Unix socket);
 * rejects where it cannot be had.
 */
async function clusterVersion(
  { endpoint, tls, member, callTimeoutMs }: Asked,
  callerSignal?: AbortSignal,
): Promise<EtcdVersion | undefined> {
  if (endpoint.kind === 'unix') return undefined;
  const link = linkedAbort([callerSignal], callTimeoutMs);
  try {
    const url = new URL(`${endpoint.secure ? 'https' : 'http'}://${hostAndPort(endpoint)}/version`);
    const response = await openPage(url, tls, member, link.signal);
    let text = '';
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString('utf8');
      if (text.length > MOST_BYTES) return undefined;
    }
    return response.statusCode === 200 ? parseVersion(versionIn(text)) : undefined;
  } finally {
    link.release();
  }
}

function versionIn(text: string): string {
  try {
    const json: unknown = JSON.parse(text);
    const version = typeof json === 'object' && json !== null && 'etcdcluster' in json ? json.etcdcluster : undefined;
    return typeof version === 'string' ? version : '';
  } catch {
    return '';
  }
}

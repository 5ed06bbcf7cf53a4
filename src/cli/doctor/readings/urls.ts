import { faultOf } from '../../../cluster/agent-error.ts';
import { displayName } from '../../../cluster/cluster-replies.ts';
import type { ClusterMember } from '../../../cluster/sections.ts';
import type { MemberClient } from '../../../etcd/member-client.ts';
import type { Admission, UrlReading } from '../facts.ts';

/** What it takes to ask client URLs one by one. */
export interface UrlReadingOptions {
  /** Members of the list; empty where it is not known. */
  readonly members: readonly ClusterMember[];
  /** Client URLs from the configuration, asked besides those that the members advertise. */
  readonly endpoints: readonly string[];
  readonly connect: (url: string) => MemberClient;
  /** The same without a user and without a client certificate. */
  readonly connectAsNobody: (url: string) => MemberClient;
  readonly signal: AbortSignal;
}

/** Any key will do: etcd looks at who asks before it looks for the key. */
const anyKey = Buffer.from('health');

/** What a read without credentials comes back with, and whom such a server lets in. */
const admissions: ReadonlyMap<string, Admission> = new Map([
  ['ETCD_AUTH_REQUIRED', 'users'],
  ['ETCD_PERMISSION_DENIED', 'users'],
  ['ETCD_CLIENT_CERT_REQUIRED', 'certificates'],
  ['ETCD_CLIENT_CERT_REFUSED', 'certificates'],
]);

/** Asks every client URL for Status as ourselves, and for a key as nobody. Rejects never. */
export function readUrls(options: UrlReadingOptions): Promise<readonly UrlReading[]> {
  const advertised = options.members.flatMap((member) =>
    member.clientUrls.map((url) => ({ memberId: member.id, member: displayName(member), url })),
  );
  const known = new Set(advertised.map(({ url }) => url));
  const configured = options.endpoints.filter((url) => !known.has(url)).map((url) => ({ member: url, url }));
  return Promise.all(
    [...advertised, ...configured].map(async (each): Promise<UrlReading> => {
      const [reply, admits] = await Promise.all([askStatus(each.url, options), askAsNobody(each.url, options)]);
      return { ...each, ...reply, admits };
    }),
  );
}

async function askStatus(
  url: string,
  { connect, signal }: UrlReadingOptions,
): Promise<Pick<UrlReading, 'seconds' | 'fault'>> {
  const startedMs = performance.now();
  let client: MemberClient | undefined;
  try {
    // A URL of the member list may be one that nobody can use: making the client throws then.
    client = connect(url);
    await client.status(signal);
    return { seconds: (performance.now() - startedMs) / 1000 };
  } catch (error) {
    return { fault: faultOf(error) };
  } finally {
    client?.close();
  }
}

async function askAsNobody(url: string, { connectAsNobody, signal }: UrlReadingOptions): Promise<Admission> {
  let client: MemberClient | undefined;
  try {
    client = connectAsNobody(url);
    await client.range({ key: anyKey, limit: 1, keysOnly: true, serializable: true }, signal);
    return 'everyone';
  } catch (error) {
    return admissions.get(faultOf(error).code) ?? 'unknown';
  } finally {
    client?.close();
  }
}

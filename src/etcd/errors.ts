import { AgentError, type ErrorDetails } from '../cluster/agent-error.ts';

/** Every code that an `EtcdError` can have, and what a person should do about it. Codes are stable. */
const REMEDIES = {
  ETCD_ABORTED: 'Nothing: the caller gave up waiting.',
  ETCD_ADDRESS_UNKNOWN: 'Check the host name in the endpoint, and the name server of this machine.',
  ETCD_AUTH_FAILED: 'Check cluster.auth.username and the content of cluster.auth.passwordFile.',
  ETCD_AUTH_REQUIRED: 'The server asks for a user: set cluster.auth.username and cluster.auth.passwordFile.',
  ETCD_BAD_ENDPOINT: 'Write it as http://host:2379, https://host:2379, https://[::1]:2379 or unix:///path.',
  ETCD_CERT_UNREADABLE:
    'Check the paths under cluster.tls, their permissions, and that key and certificate belong together.',
  ETCD_CLIENT_CERT_REFUSED:
    'Give a client certificate that is not expired and that the CA of the server (--trusted-ca-file) has signed.',
  ETCD_CLIENT_CERT_REQUIRED: 'The server asks for a client certificate: set cluster.tls.cert and cluster.tls.key.',
  ETCD_CLOSED: 'Nothing: the client has been closed.',
  ETCD_COMPACTED: 'Start again from the compact revision, or from a new read of everything.',
  ETCD_CORRUPT:
    'Treat the data of this member as wrong: compare hashes, then replace the member. Do not disarm the alarm first.',
  ETCD_DEADLINE:
    'Check that the member is not paused, out of CPU or waiting for its disk, and that the network delivers.',
  ETCD_FUTURE_REVISION:
    'The member is behind, or it was restored from an older backup: read its current revision first.',
  ETCD_GARBLED_REPLY: 'Check that the endpoint is an etcd, without a proxy that changes what it says.',
  ETCD_LEADER_CHANGED: 'Passing: try again. If it goes on, look at elections, disk latency and network.',
  ETCD_LEASE_LOST: 'Stop what was done under the lease, and take a new one.',
  ETCD_LEARNER: 'A learner answers only Status and reads from its own memory: ask a voter.',
  ETCD_MESSAGE_TOO_LARGE: 'Raise the limit of message sizes, or ask for smaller pages.',
  ETCD_METRICS_GARBLED:
    'Check that metricsUrl is the /metrics page of an etcd, and that nothing in between cuts it off.',
  ETCD_METRICS_REFUSED: 'Check metricsUrl: host, port and path (/metrics).',
  ETCD_NOSPACE:
    'The quota is used up: compact, defragment, then disarm the NOSPACE alarm; or raise --quota-backend-bytes.',
  ETCD_NO_LEADER: 'A majority of the voters must be up and reach each other: look at the other members.',
  ETCD_NOT_ETCD: 'Check host and port: something else answers there. Clients usually talk to port 2379.',
  ETCD_OLDER_MEMBERS: 'Nothing: it is asked again when all members run 3.5 or newer.',
  ETCD_PASSWORD_UNREADABLE:
    'Check the path in cluster.auth.passwordFile and its permissions; it must hold one password.',
  ETCD_PEER_PORT:
    "Use a client URL of the member (etcd's --listen-client-urls), usually port 2379; 2380 is where the members talk to each other.",
  ETCD_PERMISSION_DENIED: 'Grant the user the role that it needs for this call.',
  ETCD_PLAIN_ON_TLS: 'The server speaks TLS: write the endpoint with https://.',
  ETCD_REFUSED: 'See what the server said.',
  ETCD_STOPPING: 'The member is stopping: wait until it is back.',
  ETCD_TIMED_OUT: 'No quorum answered in time: look at the other members, disk latency and network.',
  ETCD_TLS_EXPIRED: 'Renew the certificate of the server, or correct the clock of this machine.',
  ETCD_TLS_ON_PLAIN: 'The server speaks plain HTTP: write the endpoint with http://, or give the server certificates.',
  ETCD_TLS_UNTRUSTED: 'Set cluster.tls.ca to the CA that signed the certificate of the server.',
  ETCD_TLS_WRONG_NAME:
    'Use a host that the certificate names, set cluster.tls.serverName, or issue it again with that name.',
  ETCD_TOO_MANY_OPS: 'Ask for less in one transaction, or raise --max-txn-ops of the server.',
  ETCD_TOO_MANY_REQUESTS: 'The member is overloaded: ask less often, look at its disk and CPU.',
  ETCD_UNHEALTHY_CLUSTER:
    'Etcd changes the membership only when enough members have been connected for some seconds: look at the others, then try again.',
  ETCD_UNREACHABLE: 'Check that etcd runs there, the port, and the firewall in between.',
  ETCD_UNSUPPORTED: 'This version of etcd does not have the call: upgrade, or do without.',
  ETCD_WATCH_ENDED: 'Watch again from the revision after the last one that arrived.',
  ETCD_WRONG_MEMBER: 'Use the own URL of the member, not that of a load balancer or one that members share.',
} as const;

export type EtcdErrorCode = keyof typeof REMEDIES;

/** What every error of this module says besides its code and message. */
interface EtcdErrorDetails extends ErrorDetails {
  /** With `ETCD_COMPACTED`: the oldest revision that is still there, where the server said it. */
  readonly compactRevision?: bigint;
}

/** A call to etcd that failed: stable code, what was tried on which member, what to do. */
export class EtcdError extends AgentError {
  declare readonly code: EtcdErrorCode;
  readonly compactRevision: bigint | undefined;

  constructor(code: EtcdErrorCode, message: string, details: EtcdErrorDetails = {}) {
    super(code, message, { ...details, remedy: details.remedy ?? REMEDIES[code] });
    this.compactRevision = details.compactRevision;
  }
}

import { AgentError, type ErrorDetails } from '../../cluster/agent-error.ts';

interface ProbeErrorDetails extends ErrorDetails {
  /** False where the agent lacks what the probe takes, so that the peer is not to blame. Default true. */
  readonly counts?: boolean;
}

/** Why one probe of a peer came to nothing. */
export class ProbeError extends AgentError {
  /** Whether it counts as a failure of the peer. */
  readonly counts: boolean;

  constructor(code: string, message: string, details: ProbeErrorDetails = {}) {
    super(code, message, details);
    this.counts = details.counts ?? true;
  }
}

const byCode: Readonly<Record<string, readonly [code: string, text: string, remedy: string]>> = {
  ECONNREFUSED: ['PEER_REFUSED', 'the connection was refused', 'Start etcd there, or check its --listen-peer-urls.'],
  ECONNRESET: ['PEER_CLOSED', 'the connection was reset', 'Look at the log of etcd there and at proxies between.'],
  EPIPE: ['PEER_CLOSED', 'the connection was closed', 'Look at the log of etcd there and at proxies between.'],
  ETIMEDOUT: ['PEER_TIMEOUT', 'the connection timed out', 'Check the network and firewalls on the way.'],
  EHOSTUNREACH: ['PEER_UNREACHABLE', 'there is no route to the host', 'Check the host and the network.'],
  ENETUNREACH: ['PEER_UNREACHABLE', 'there is no route to its network', 'Check routes and addresses.'],
  EADDRNOTAVAIL: [
    'PEER_UNREACHABLE',
    'its address cannot be reached from here',
    'Check addresses and free local ports.',
  ],
  ENOTFOUND: ['PEER_NAME_UNRESOLVED', 'its name does not resolve', 'Check DNS, or the peer URL in the member list.'],
  EAI_AGAIN: ['PEER_NAME_UNRESOLVED', 'its name cannot be resolved now', 'Check the DNS server.'],
};

/** A system error (`ECONNREFUSED`, `ENOTFOUND`, …) of a connection to `where` as a probe error. */
export function connectionError(error: unknown, where: string): ProbeError {
  if (error instanceof ProbeError) {
    return error;
  }
  // Where a name has several addresses, Node reports all attempts in one error; the last one stands for them.
  const first: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  const known = byCode[codeOf(first)];
  if (known !== undefined) {
    const [code, text, remedy] = known;
    return new ProbeError(code, `${where}: ${text}.`, { remedy, cause: error });
  }
  const reason = first instanceof Error ? first.message : String(first);
  return new ProbeError('PEER_FAILED', `${where}: ${reason}.`, { cause: error });
}

/** The `code` of a system or TLS error, else the empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

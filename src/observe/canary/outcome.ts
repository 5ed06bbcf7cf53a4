import { faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { CanaryOutcome } from '../../cluster/sections.ts';

/** How one request went. */
export interface Attempt {
  /** Monotonic, from the request to its answer or its end. */
  readonly seconds: number;
  /** For so much of it the agent itself did not get to run. */
  readonly heldUpSeconds: number;
  /** Absent where it was answered. */
  readonly error?: unknown;
}

/** What an attempt counts as. */
export interface Judgement {
  /** `off`: the agent's user may not do it. `discarded`: it says nothing about the cluster. */
  readonly outcome: CanaryOutcome | 'discarded' | 'off';
  /** Why it was not answered. */
  readonly fault?: Fault;
}

/** The user that the agent has may not make the request. */
const NOT_ALLOWED: ReadonlySet<string> = new Set(['ETCD_PERMISSION_DENIED', 'ETCD_AUTH_REQUIRED']);

/**
 * What no client with a right configuration would get: it says how this agent is set up. A certificate that has expired is
 * not among them, since it shuts out every client; nor is a member that cannot be reached.
 */
const OWN_DOING: ReadonlySet<string> = new Set([
  'ETCD_ABORTED',
  'ETCD_ADDRESS_UNKNOWN',
  'ETCD_AUTH_FAILED',
  'ETCD_BAD_ENDPOINT',
  'ETCD_CERT_UNREADABLE',
  'ETCD_CLIENT_CERT_REFUSED',
  'ETCD_CLIENT_CERT_REQUIRED',
  'ETCD_CLOSED',
  // A client would not ask one; the next request goes to another member.
  'ETCD_LEARNER',
  'ETCD_NOT_ETCD',
  'ETCD_PASSWORD_UNREADABLE',
  'ETCD_PEER_PORT',
  'ETCD_PLAIN_ON_TLS',
  'ETCD_TLS_ON_PLAIN',
  'ETCD_TLS_UNTRUSTED',
  'ETCD_TLS_WRONG_NAME',
  'ETCD_UNSUPPORTED',
]);

/** Judges one request. What the agent's own pause may have made late is never held against the cluster. */
export function judge({ seconds, heldUpSeconds, error }: Attempt, slowAfterSeconds: number): Judgement {
  if (error === undefined) {
    if (seconds <= slowAfterSeconds) return { outcome: 'succeeded' };
    return { outcome: seconds - heldUpSeconds <= slowAfterSeconds ? 'discarded' : 'slow' };
  }
  const fault = faultOf(error);
  if (NOT_ALLOWED.has(fault.code)) return { outcome: 'off', fault };
  if (OWN_DOING.has(fault.code) || heldUpSeconds >= slowAfterSeconds) return { outcome: 'discarded', fault };
  return { outcome: 'failed', fault };
}

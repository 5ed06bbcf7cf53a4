import { faultOf } from '../cluster/agent-error.ts';

/** Exit codes of every command: 0 fine, and these. */
export const exitCodes = {
  fine: 0,
  /** It ran and found a fault. */
  fault: 1,
  /** Usage or configuration. */
  usage: 2,
  /** It could not reach what it needs. */
  unreachable: 3,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const;

/** Codes of errors that mean: what is needed could not be reached. */
const unreachable = new Set([
  'AGENT_UNREACHABLE',
  'AGENT_OUTCOME_UNKNOWN',
  'JOURNAL_UNCERTAIN',
  'LEADER_HAS_NO_URL',
  'MEMBER_HAS_NO_URL',
  'MEMBERS_UNKNOWN',
  'NOT_ACTING',
  'NOT_ACTING_YET',
  'NOT_LEADER',
  'PEER_AGENT_REFUSED',
  'PEER_AGENT_UNREACHABLE',
  'RECOVERY_NOT_HERE',
  'STORE_COLD',
  'STORE_DENIED',
  'STORE_UNREACHABLE',
  'ETCD_MISSING',
  'ETCD_UNREACHABLE',
  'ETCD_DEADLINE',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
]);

/** Codes of errors that the user mends by changing the command line, the configuration or a file it names. */
const usage = new Set([
  'CONFIG_INVALID',
  'CREDENTIALS_REQUIRED',
  'USAGE',
  'BUMP_NOT_POSSIBLE',
  'CHAIN_UNKNOWN',
  'DATA_DIR_EXISTS',
  'DATA_DIR_IN_USE',
  'DECRYPTION_KEY_WRONG',
  'IDENTITY_MISSING',
  'IDENTITY_UNREADABLE',
  'MEMBER_MEMORY_UNREADABLE',
  'MEMBER_MISSING',
  'NO_CREDENTIALS_CONFIGURED',
  'MEMBER_UNKNOWN',
  'OBJECT_UNKNOWN',
  'OTHER_CLUSTER',
  'OUTPUT_EXISTS',
  'PLACE_AMBIGUOUS',
  'PLACE_UNKNOWN',
  'POINTS_REVERSED',
  'STORE_URL_INVALID',
  'SUPERVISE_POD_UNKNOWN',
  'UNDO_FILE_INVALID',
  'WAL_DIR_MOUNTED',
  'OPERATION_UNKNOWN',
  'MEMBER_AMBIGUOUS',
  'TARGET_VERSION_MISSING',
  'TARGET_VERSION_WRONG',
  'MEMBER_NOT_LISTED',
  'DURATION_WRONG',
  'REASON_MISSING',
  'REASON_TOO_LONG',
  'ENOENT',
  'EACCES',
  'EISDIR',
  'EADDRINUSE',
  'ETCD_BAD_ENDPOINT',
  'ETCD_CERT_UNREADABLE',
  'ETCD_PASSWORD_UNREADABLE',
]);

/** The same by their beginning: the agent's own listeners, token, TLS files and socket folder. */
const usagePrefixes = ['CONFIG_', 'LISTEN_', 'TOKEN_FILE', 'TOKEN_TOO', 'TLS_FILE', 'SOCKET_', 'PAUSE_FILE'] as const;

/** The exit code of a command that failed with this error. */
export function exitCodeOf(error: unknown): number {
  const { code } = faultOf(error);
  if (code === 'INTERRUPTED') return exitCodes.interrupted;
  if (unreachable.has(code) || code.startsWith('ETCD_TLS_') || code.startsWith('ETCD_AUTH')) {
    return exitCodes.unreachable;
  }
  return usage.has(code) || usagePrefixes.some((prefix) => code.startsWith(prefix)) ? exitCodes.usage : exitCodes.fault;
}

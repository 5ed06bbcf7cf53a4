import { status as GrpcStatus, type ServiceError } from '@grpc/grpc-js';
import { EtcdError, type EtcdErrorCode } from './errors.ts';

/** Where a call went, for its error. */
export interface CallContext {
  /** What was asked for: `Status`. */
  readonly call: string;
  readonly member: string;
  readonly endpoint: string;
}

/**
 * What etcd says, and what it means. The texts are those of etcd's api/v3rpc/rpctypes/error.go, the same since 3.3; the
 * first that is part of the message counts.
 */
const BY_TEXT: readonly (readonly [string, EtcdErrorCode])[] = [
  ['database space exceeded', 'ETCD_NOSPACE'],
  ['required revision has been compacted', 'ETCD_COMPACTED'],
  ['required revision is a future revision', 'ETCD_FUTURE_REVISION'],
  ['authentication failed, invalid user ID or password', 'ETCD_AUTH_FAILED'],
  ['invalid auth token', 'ETCD_AUTH_FAILED'],
  ['revision of auth store is old', 'ETCD_AUTH_FAILED'],
  ['user name is empty', 'ETCD_AUTH_REQUIRED'],
  ['permission denied', 'ETCD_PERMISSION_DENIED'],
  ['not supported for learner', 'ETCD_LEARNER'],
  ['no leader', 'ETCD_NO_LEADER'],
  ['leader changed', 'ETCD_LEADER_CHANGED'],
  ['etcdserver: request timed out', 'ETCD_TIMED_OUT'],
  ['corrupt cluster', 'ETCD_CORRUPT'],
  ['too many requests', 'ETCD_TOO_MANY_REQUESTS'],
  ['too many operations in txn', 'ETCD_TOO_MANY_OPS'],
  ['server stopped', 'ETCD_STOPPING'],
  ['request is too large', 'ETCD_MESSAGE_TOO_LARGE'],
  ['message larger than max', 'ETCD_MESSAGE_TOO_LARGE'],
  ['not capable', 'ETCD_UNSUPPORTED'],
  ['unhealthy cluster', 'ETCD_UNHEALTHY_CLUSTER'],
  // What a server says of a call that it has given up because its own deadline, which is ours, has passed.
  ['context deadline exceeded', 'ETCD_DEADLINE'],
  ['context canceled', 'ETCD_DEADLINE'],
];

const BY_STATUS: ReadonlyMap<number, EtcdErrorCode> = new Map<number, EtcdErrorCode>([
  [GrpcStatus.DEADLINE_EXCEEDED, 'ETCD_DEADLINE'],
  // Our own cancelling is told by the signal, before it comes to this.
  [GrpcStatus.CANCELLED, 'ETCD_DEADLINE'],
  [GrpcStatus.PERMISSION_DENIED, 'ETCD_PERMISSION_DENIED'],
  [GrpcStatus.UNAUTHENTICATED, 'ETCD_AUTH_FAILED'],
  [GrpcStatus.UNIMPLEMENTED, 'ETCD_UNSUPPORTED'],
  [GrpcStatus.UNAVAILABLE, 'ETCD_UNREACHABLE'],
  [GrpcStatus.INTERNAL, 'ETCD_GARBLED_REPLY'],
  [GrpcStatus.DATA_LOSS, 'ETCD_CORRUPT'],
]);

/** Whether the error is one of gRPC: it has a numeric code and details. */
export function isGrpcError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** The meaning of a message in which etcd says why (also the `cancel_reason` of a watch). */
export function codeOfText(text: string): EtcdErrorCode | undefined {
  return BY_TEXT.find(([part]) => text.includes(part))?.[1];
}

/** A failed call in the agent's words. */
export function fromGrpc(error: ServiceError, context: CallContext): EtcdError {
  const code = codeOfText(error.details) ?? codeOfStatus(error) ?? 'ETCD_REFUSED';
  return new EtcdError(code, `${where(context)}: ${error.details}`, { member: context.member, cause: error });
}

function codeOfStatus(error: ServiceError): EtcdErrorCode | undefined {
  // Whoever says so is reachable, whatever the status is.
  if (error.details.startsWith('etcdserver:')) return undefined;
  return BY_STATUS.get(error.code);
}

/** The beginning of every message: what was tried, and on what. */
export function where(context: CallContext): string {
  // A member whose name is not known yet goes by its endpoint.
  const whom = context.member === context.endpoint ? '' : ` member ${context.member}`;
  return `${context.call} on${whom} ${whom === '' ? context.endpoint : `(${context.endpoint})`}`;
}

/** Refused before anything was done, because the token is not valid (any more): a new token may be tried. */
export function wantsNewToken(error: unknown): boolean {
  if (!isGrpcError(error)) return false;
  return ['invalid auth token', 'user name is empty', 'revision of auth store is old'].some((text) =>
    error.details.includes(text),
  );
}

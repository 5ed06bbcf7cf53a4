import { type Endpoint, parseEndpoint } from './endpoint.ts';
import type { MemberClientOptions, TlsFiles } from './types.ts';

/** A client's options with every default in its place. */
export interface ResolvedOptions {
  readonly member: string;
  readonly endpoint: Endpoint;
  readonly tls: TlsFiles | undefined;
  readonly username: string | undefined;
  readonly dialTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly readRetries: number;
  readonly tokenElsewhere: MemberClientOptions['tokenElsewhere'];
}

/** Etcd's server closes connections that ping more often (its `--grpc-keepalive-min-time`). */
const SHORTEST_KEEPALIVE_MS = 5000;
const MEBIBYTE = 1024 * 1024;

/** Throws `ETCD_BAD_ENDPOINT`. */
export function resolveOptions(options: MemberClientOptions): ResolvedOptions {
  return {
    member: options.member,
    endpoint: parseEndpoint(options.endpoint, options.member),
    tls: options.tls,
    username: options.auth?.username,
    dialTimeoutMs: options.dialTimeoutMs ?? 2000,
    callTimeoutMs: options.callTimeoutMs ?? 5000,
    keepaliveTimeMs: Math.max(options.keepaliveTimeMs ?? 10_000, SHORTEST_KEEPALIVE_MS),
    keepaliveTimeoutMs: options.keepaliveTimeoutMs ?? 5000,
    maxMessageBytes: options.maxMessageBytes ?? 64 * MEBIBYTE,
    readRetries: options.readRetries ?? 0,
    tokenElsewhere: options.tokenElsewhere,
  };
}

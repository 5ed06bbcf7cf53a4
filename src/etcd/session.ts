import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { Channel, ChannelCredentials, type ChannelOptions, Client, connectivityState, Metadata } from '@grpc/grpc-js';
import { untilAborted } from '../abort/until-aborted.ts';
import type { Credentials } from './credentials.ts';
import { type Endpoint, hostAndPort } from './endpoint.ts';
import { isGrpcError } from './grpc-errors.ts';
import { EndableCredentials } from './handshakes.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import { callUnary } from './unary.ts';
import { AUTHENTICATE } from './wire/auth.ts';

/** The connection did not come up: why is for `diagnose` to find out. */
export class NotConnected extends Error {}

/** After a failed attempt gRPC waits; a session that has failed is replaced at the next call, so this is of little matter. */
const RECONNECT_BACKOFF_MS = 500;

/**
 * How much may be under way before it is read. HTTP/2's own 64 KiB stalls pages and snapshots; this much, at most, waits in
 * memory for a slow reader.
 */
const FLOW_CONTROL_WINDOW_BYTES = 1024 * 1024;

/**
 * One connection to one member with one set of credentials, and the calls that use it. When the credentials change,
 * a new session takes over and the old one closes after its last call.
 */
export class Session {
  readonly channel: Channel;
  readonly client: Client;
  readonly channelCredentials: EndableCredentials;
  readonly credentials: Credentials;
  readonly #options: ResolvedOptions;
  readonly #onClosed: (session: Session) => void;
  readonly #closing = new AbortController();
  #token: Promise<string | undefined> | undefined;
  #calls = 0;
  #retired = false;
  #closed = false;

  constructor(options: ResolvedOptions, credentials: Credentials, onClosed: (session: Session) => void) {
    this.#options = options;
    this.#onClosed = onClosed;
    this.credentials = credentials;
    const target = targetOf(options.endpoint);
    this.channelCredentials = new EndableCredentials(channelCredentialsOf(credentials, options));
    this.channel = new Channel(target, this.channelCredentials, channelOptionsOf(options));
    this.client = new Client(target, this.channelCredentials, { channelOverride: this.channel });
  }

  /** The last attempt to connect failed and gRPC would make calls wait for the next. */
  get failed(): boolean {
    const state = this.channel.getConnectivityState(false);
    return state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN;
  }

  /** Counts a call as under way. */
  acquire(): void {
    this.#calls += 1;
  }

  release(): void {
    this.#calls -= 1;
    if (this.#retired && this.#calls === 0) this.#close();
  }

  /** Takes no more calls; closes when the last one has ended. */
  retire(): void {
    this.#retired = true;
    if (this.#calls === 0) this.#close();
  }

  /** Waits until the connection stands. Throws `NotConnected` as soon as an attempt fails, or after the dial timeout. */
  async ready(signal: AbortSignal | undefined): Promise<void> {
    const deadline = Date.now() + this.#options.dialTimeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      const state = this.channel.getConnectivityState(true);
      if (state === connectivityState.READY) return;
      if (state === connectivityState.TRANSIENT_FAILURE) throw new NotConnected('the connection failed');
      if (state === connectivityState.SHUTDOWN) throw new NotConnected('the connection was closed');
      await this.#stateChange(state, deadline, signal);
    }
  }

  /**
   * What goes with every call: the token, under password authentication. All calls share it, so whoever gives up waiting
   * for it leaves it to the others.
   */
  async metadata(signal: AbortSignal | undefined): Promise<Metadata> {
    const metadata = new Metadata();
    this.#token ??= this.#newToken();
    const token = await untilAborted(this.#token, signal);
    if (token !== undefined) metadata.set('token', token);
    return metadata;
  }

  /** The server has refused the token: the next call asks for a new one. False when there is no user to ask with. */
  forgetToken(): boolean {
    this.#token = undefined;
    return this.#options.username !== undefined;
  }

  /** Logs in and gives the token, which every member takes; undefined where the server asks for none. Not through any other member. */
  logIn(): Promise<string | undefined> {
    return this.#authenticate();
  }

  #newToken(): Promise<string | undefined> {
    const forget = (): void => {
      if (this.#token === token) this.#token = undefined;
    };
    const token = this.#authenticate().catch(async (error: unknown) => {
      if (!isGrpcError(error) || !error.details.includes('not supported for learner')) throw error;
      const other = await this.#options.tokenElsewhere?.(this.#closing.signal);
      // Etcd 3.4 says how a learner is also without; and by the next call it may have been promoted.
      if (other === undefined) forget();
      return other;
    });
    token.catch(forget);
    return token;
  }

  async #authenticate(): Promise<string | undefined> {
    const { username } = this.#options;
    const { password } = this.credentials;
    if (username === undefined || password === undefined) return undefined;
    const deadline = Date.now() + this.#options.callTimeoutMs;
    const { signal } = this.#closing;
    try {
      return await callUnary(this.client, AUTHENTICATE, { username, password }, new Metadata(), deadline, signal);
    } catch (error) {
      // A user is configured but the server does not ask for one: as etcdctl does, go on without.
      if (isGrpcError(error) && error.details.includes('authentication is not enabled')) return undefined;
      throw error;
    }
  }

  #stateChange(state: connectivityState, deadline: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      this.channel.watchConnectivityState(state, deadline, (error) => {
        signal?.removeEventListener('abort', stop);
        if (error === undefined) resolve();
        else reject(new NotConnected(`no connection within ${this.#options.dialTimeoutMs} ms`));
      });
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing.abort();
    this.client.close();
    this.channelCredentials.end();
    this.#onClosed(this);
  }
}

function channelCredentialsOf(credentials: Credentials, { endpoint, tls }: ResolvedOptions): ChannelCredentials {
  if (credentials.secureContext === undefined) return ChannelCredentials.createInsecure();
  const address = addressOf(endpoint);
  if (tls?.serverName !== undefined || address === undefined) {
    return ChannelCredentials.createFromSecureContext(credentials.secureContext);
  }
  return ChannelCredentials.createFromSecureContext(credentials.secureContext, {
    checkServerIdentity: (_, certificate) => checkServerIdentity(address, certificate),
  });
}

/** The endpoint's host where it is an address and not a name. */
function addressOf(endpoint: Endpoint): string | undefined {
  return endpoint.kind === 'tcp' && isIP(endpoint.host) !== 0 ? endpoint.host : undefined;
}

/**
 * The name that goes into the TLS greeting, where it is not the endpoint's host. gRPC would send an address as it is, which
 * TLS does not allow and Node warns of: then a reserved name stands in for it, and the certificate is checked for the address.
 */
function greetedName(options: ResolvedOptions): string | undefined {
  const { endpoint, tls } = options;
  if (!endpoint.secure) return undefined;
  if (tls?.serverName !== undefined) return tls.serverName;
  if (endpoint.kind === 'unix') return 'localhost';
  return addressOf(endpoint) === undefined ? undefined : 'address.invalid';
}

/** gRPC's name for the endpoint. `dns:` takes addresses and names, and tries IPv6 and IPv4 side by side. */
function targetOf(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? `unix:${endpoint.path}` : `dns:${hostAndPort(endpoint)}`;
}

function channelOptionsOf(options: ResolvedOptions): ChannelOptions {
  const name = greetedName(options);
  const authority = options.endpoint.kind === 'unix' ? 'localhost' : options.tls?.serverName;
  return {
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
    'grpc.initial_reconnect_backoff_ms': RECONNECT_BACKOFF_MS,
    'grpc.max_reconnect_backoff_ms': RECONNECT_BACKOFF_MS,
    'grpc.keepalive_time_ms': options.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': 0,
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': options.maxMessageBytes,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    ...(authority === undefined ? {} : { 'grpc.default_authority': authority }),
    ...(name === undefined ? {} : { 'grpc.ssl_target_name_override': name }),
  };
}

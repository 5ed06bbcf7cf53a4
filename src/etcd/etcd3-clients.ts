import type { CallOptions, Client, ClientUnaryCall, Metadata } from '@grpc/grpc-js';
import { Host } from 'etcd3/lib/connection-pool.js';
import {
  AuthClient,
  ClusterClient,
  type ICallable,
  type IResponseHeader,
  KVClient,
  LeaseClient,
  MaintenanceClient,
} from 'etcd3/lib/rpc.js';
import type { Way } from './connection.ts';
import type { Session } from './session.ts';
import type { ReplyHeader } from './types.ts';

/**
 * The RPC clients of the `etcd3` package, typed as etcd's API is. Ids and revisions are decimal text, keys and values
 * buffers. Every call is made once; a `deadline` may be given with each, else the call timeout holds.
 */
export interface Etcd3Clients {
  readonly kv: KVClient;
  readonly lease: LeaseClient;
  readonly cluster: ClusterClient;
  readonly maintenance: MaintenanceClient;
  readonly auth: AuthClient;
  /** The header of one of their replies in the agent's words. */
  readonly headerOf: (reply: { readonly header: IResponseHeader }) => ReplyHeader;
  /** Options of a call that ends with the signal, and is not made where `allowed` throws right before it goes out. */
  readonly withSignal: (signal: AbortSignal | undefined, allowed?: () => void) => CallOptions;
}

/** `etcd3` hands the options of a call through as they are, so this arrives at `OneMember`. */
interface SignalledOptions extends CallOptions {
  readonly signal?: AbortSignal;
  readonly allowed?: () => void;
}

/** Builds them on a connection. */
export function etcd3Clients(connection: Way): Etcd3Clients {
  const callable = new OneMember(connection);
  return {
    kv: new KVClient(callable),
    lease: new LeaseClient(callable),
    cluster: new ClusterClient(callable),
    maintenance: new MaintenanceClient(callable),
    auth: new AuthClient(callable),
    headerOf,
    withSignal,
  };
}

function headerOf({ header }: { readonly header: IResponseHeader }): ReplyHeader {
  return {
    clusterId: BigInt(header.cluster_id).toString(16),
    memberId: BigInt(header.member_id).toString(16),
    revision: BigInt(header.revision),
    raftTerm: BigInt(header.raft_term),
  };
}

function withSignal(signal: AbortSignal | undefined, allowed?: () => void): SignalledOptions {
  return { ...(signal === undefined ? {} : { signal }), ...(allowed === undefined ? {} : { allowed }) };
}

type ServiceName = Parameters<ICallable<Session>['exec']>[0];
type UnaryCall = (
  request: unknown,
  metadata: Metadata,
  options: CallOptions,
  done: (error: Error | null, reply: unknown) => void,
) => ClientUnaryCall;

/**
 * What `etcd3` calls through, in place of its own connection pool. The pool picks a host at random, repeats calls that
 * timed out (also those that change the cluster), refuses calls for five seconds after three failures, closes the
 * connection of all calls when one is cancelled, authenticates without the channel's options and reads certificates once.
 * Here there is one member, one attempt, and the connection that everything else uses.
 */
class OneMember implements ICallable<Session> {
  readonly callOptionsFactory = undefined;
  readonly #connection: Way;
  readonly #hosts = new WeakMap<Session, Host>();

  constructor(connection: Way) {
    this.#connection = connection;
  }

  exec<T>(service: ServiceName, method: string, request: unknown, options: SignalledOptions = {}): Promise<T> {
    const { signal: callerSignal, allowed, ...rest } = options;
    const callOptions = { deadline: Date.now() + this.#connection.options.callTimeoutMs, ...rest };
    const link = this.#connection.linked(callerSignal);
    const { signal } = link;
    return this.#connection
      .run(method, signal, ({ session, metadata }) => {
        const client = this.#client(session, service);
        // By its name in the .proto file: `hashKV`, as etcd3 has it, is spelt `hashKv` by grpc-js, and was never found.
        const call: UnaryCall = Reflect.get(client, `${method.charAt(0).toUpperCase()}${method.slice(1)}`);
        allowed?.();
        return finish<T>(signal, (done) => call.call(client, request, metadata, callOptions, done));
      })
      .finally(link.release);
  }

  withConnection<R>(
    service: ServiceName,
    use: (args: { resource: Session; client: Client; metadata: Metadata }) => Promise<R> | R,
  ): Promise<R> {
    const link = this.#connection.linked(undefined);
    return this.#connection
      .run(service, link.signal, async ({ session, metadata }) =>
        use({ resource: session, client: this.#client(session, service), metadata }),
      )
      .finally(link.release);
  }

  /** `etcd3` tells of failed streams here, to close the connection. One stream's failure is no other call's business. */
  markFailed(): void {}

  #client(session: Session, service: ServiceName): Client {
    let host = this.#hosts.get(session);
    if (host === undefined) {
      host = new Host(this.#connection.options.endpoint.url, session.channelCredentials, {
        channelOverride: session.channel,
      });
      this.#hosts.set(session, host);
    }
    return host.getServiceClient(service);
  }
}

/** The result of a unary call; the call is cancelled when the signal is aborted. */
function finish<T>(
  signal: AbortSignal,
  begin: (done: (error: Error | null, reply: unknown) => void) => ClientUnaryCall,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const cancel = (): void => call.cancel();
    const call = begin((error, reply) => {
      signal.removeEventListener('abort', cancel);
      if (error === null) resolve(reply as T);
      else reject(signal.aborted ? signal.reason : error);
    });
    signal.addEventListener('abort', cancel, { once: true });
  });
}

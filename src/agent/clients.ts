import type { Config } from '../config/config.ts';
import { MemberClient } from '../etcd/member-client.ts';

/**
 * Makes the client of one endpoint with the connection settings of the configuration; whoever makes it closes it.
 * @param tokenElsewhere where a member that lets nobody log in gets its token
 */
export function connectTo(
  config: Config,
  member: string,
  endpoint: string,
  tokenElsewhere?: (signal: AbortSignal) => Promise<string | undefined>,
): MemberClient {
  const { tls, auth, client } = config.cluster;
  return new MemberClient({
    member,
    endpoint,
    tls,
    ...(auth.username === undefined || auth.passwordFile === undefined
      ? {}
      : { auth: { username: auth.username, passwordFile: auth.passwordFile } }),
    ...client,
    ...(tokenElsewhere === undefined ? {} : { tokenElsewhere }),
  });
}

/** One client for each endpoint that is asked, the own member's among them for good. Owned by the observer. */
export class ClientPool {
  readonly own: MemberClient;
  readonly #config: Config;
  readonly #others = new Map<string, MemberClient>();

  constructor(config: Config) {
    this.#config = config;
    this.own = this.#connect(config.member.name, config.member.endpoint);
    for (const endpoint of config.cluster.endpoints) {
      this.of(endpoint);
    }
  }

  /** The client of an endpoint, made when it is first asked for. */
  of(endpoint: string): MemberClient {
    if (endpoint === this.own.endpoint) {
      return this.own;
    }
    const known = this.#others.get(endpoint) ?? this.#connect(endpoint, endpoint);
    this.#others.set(endpoint, known);
    return known;
  }

  /** The clients besides the own member's: whom to ask while that one does not answer. */
  others(): readonly MemberClient[] {
    return [...this.#others.values()];
  }

  /** Closes every client but the own member's and those of these endpoints. */
  retain(endpoints: ReadonlySet<string>): void {
    for (const [endpoint, client] of this.#others) {
      if (!endpoints.has(endpoint)) {
        this.#others.delete(endpoint);
        client.close();
      }
    }
  }

  close(): void {
    this.retain(new Set());
    this.own.close();
  }

  #connect(member: string, endpoint: string): MemberClient {
    return connectTo(this.#config, member, endpoint, (signal) => this.#tokenOf(endpoint, signal));
  }

  /** A token from any member but the one at this endpoint; undefined where none gives one. */
  async #tokenOf(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
    for (const client of [this.own, ...this.#others.values()]) {
      if (client.endpoint === endpoint) continue;
      const token = await client.logIn(signal).catch(() => undefined);
      if (token !== undefined) return token;
    }
    return undefined;
  }
}

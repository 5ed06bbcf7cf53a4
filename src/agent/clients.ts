import type { Config } from '../config/config.ts';
import { MemberClient } from '../etcd/member-client.ts';

/** Makes the client of one endpoint with the connection settings of the configuration; whoever makes it closes it. */
export function connectTo(config: Config, member: string, endpoint: string): MemberClient {
  const { tls, auth, client } = config.cluster;
  return new MemberClient({
    member,
    endpoint,
    tls,
    ...(auth.username === undefined || auth.passwordFile === undefined
      ? {}
      : { auth: { username: auth.username, passwordFile: auth.passwordFile } }),
    ...client,
  });
}

/** One client for each endpoint that is asked, the own member's among them for good. Owned by the observer. */
export class ClientPool {
  readonly own: MemberClient;
  readonly #config: Config;
  readonly #others = new Map<string, MemberClient>();

  constructor(config: Config) {
    this.#config = config;
    this.own = connectTo(config, config.member.name, config.member.endpoint);
    for (const endpoint of config.cluster.endpoints) {
      this.of(endpoint);
    }
  }

  /** The client of an endpoint, made when it is first asked for. */
  of(endpoint: string): MemberClient {
    if (endpoint === this.own.endpoint) {
      return this.own;
    }
    const known = this.#others.get(endpoint) ?? connectTo(this.#config, endpoint, endpoint);
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
}

import { connectTo } from '../agent/clients.ts';
import { faultOf } from '../cluster/agent-error.ts';
import type { Config } from '../config/config.ts';
import type { MemberClient } from '../etcd/member-client.ts';

/** Calls `use` with a client of the first member that answers through a quorum. Throws what the last one failed with. */
export async function withAnsweringMember<T>(
  config: Config,
  use: (client: MemberClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const [own, ...others] = new Set([config.member.endpoint, ...config.cluster.endpoints]);
  const connect = (endpoint = config.member.endpoint): MemberClient =>
    connectTo(config, endpoint === config.member.endpoint ? config.member.name : endpoint, endpoint);
  for (let client = connect(own); ; client = connect(others.shift())) {
    try {
      const failure = await client.linearizableRead(signal).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) return await use(client);
      if (others.length === 0) throw failure;
      process.stderr.write(`note: ${faultOf(failure).message}\n`);
    } finally {
      client.close();
    }
  }
}

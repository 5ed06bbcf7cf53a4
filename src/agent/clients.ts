import type { Config } from '../config/config.ts';
import { MemberClient } from '../etcd/member-client.ts';

/** Makes the client of one endpoint with the connection settings of the configuration. */
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

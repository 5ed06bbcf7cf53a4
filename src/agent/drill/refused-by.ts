import type { Config } from '../../config/config.ts';
import { etcdFlags } from '../../supervise/child/etcd-flags.ts';
import { refusedFlags } from '../../supervise/etcd-program.ts';

/** What an etcd says against the flags that an agent with this configuration starts it with; undefined where it takes them. Nothing is started. */
export async function refusedBy(
  program: string,
  { member, supervise }: Config,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { peerUrl = member.endpoint } = member;
  return await refusedFlags(program, etcdFlags({ ...member, peerUrl }, supervise.child.args, {}), env, signal);
}

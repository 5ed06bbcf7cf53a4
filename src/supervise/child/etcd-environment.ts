/**
 * The environment for etcd, from that of the agent: without `ETCD_…`, which are flags to etcd and settings to the agent
 * (`ETCD_NAME` beside `--name` is an error), and without the keys and the settings of programs that etcd has nothing to do
 * with. `ETCD_UNSUPPORTED_ARCH` stays.
 */
export function etcdEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(ETCD_|AWS_|NODE_|npm_)/.test(name) || name === 'ETCD_UNSUPPORTED_ARCH',
  );
  return Object.fromEntries(kept);
}

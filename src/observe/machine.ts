import { parseEndpoint } from './endpoint-url.ts';
import { type DirectoryCalls, directoryCalls } from './linux/directory-calls.ts';
import { type EtcdProcessFinder, etcdProcessFinder } from './linux/etcd-process.ts';
import { type KernelRoots, kernelRoots } from './linux/kernel-file.ts';
import { type MemberDirectories, memberDirectories } from './linux/member-directories.ts';

/** What tells the agent's own member on this machine. */
export interface MachineOptions extends KernelRoots {
  /** As the agent sees it. Without it, what the settings of etcd's process say. */
  readonly dataDir?: string | undefined;
  /** Without it, `member/wal` in the data dir. */
  readonly walDir?: string | undefined;
  /** Where the member serves clients: `https://10.0.0.1:2379`. */
  readonly endpoint?: string | undefined;
}

/**
 * The machine under the member, as the collectors `disk`, `filesystem`, `pressure` and `process` share it: one search
 * for etcd's process, one look at its directories, and never two calls under way on one disk that hangs.
 */
export interface Machine extends Required<KernelRoots> {
  readonly calls: DirectoryCalls;
  readonly etcd: EtcdProcessFinder;
  readonly directories: MemberDirectories;
}

/** The machine of one member. Holds no resource: there is nothing to close. */
export function memberMachine(options: MachineOptions): Machine {
  const roots = kernelRoots(options);
  const calls = directoryCalls();
  const endpoint = options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint);
  const paths = {
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(options.walDir === undefined ? {} : { walDir: options.walDir }),
  };
  const etcd = etcdProcessFinder({ ...roots, ...paths, calls, ...(endpoint === undefined ? {} : { endpoint }) });
  return { ...roots, calls, etcd, directories: memberDirectories({ ...roots, ...paths, calls, etcd }) };
}

import type { DemoLayout, MemberLayout } from './layout.ts';

/** The command line of one etcd member of the demo. */
export function etcdCommand(
  etcd: string,
  layout: DemoLayout,
  member: MemberLayout,
  quotaBytes: number | undefined,
): [string, ...string[]] {
  const initialCluster = layout.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  return [
    etcd,
    ...['--name', member.name, '--data-dir', member.dataDir],
    ...['--listen-client-urls', member.endpoint, '--advertise-client-urls', member.endpoint],
    ...['--listen-peer-urls', member.peerUrl, '--initial-advertise-peer-urls', member.peerUrl],
    ...['--initial-cluster', initialCluster, '--initial-cluster-state', 'new'],
    ...['--initial-cluster-token', 'etcd-caretaker-demo'],
    ...['--logger', 'zap', '--log-outputs', 'stderr'],
    ...(quotaBytes === undefined ? [] : ['--quota-backend-bytes', String(quotaBytes)]),
  ];
}

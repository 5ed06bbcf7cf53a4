import type { Config } from '../../config/config.ts';
import { EtcdVersions } from '../../supervise/etcd-versions.ts';

/** The versions that an upgrade may go to on this machine; undefined where the version is that of an image: in a pod, in a static pod's manifest. */
export function etcdVersions({ member, supervise }: Pick<Config, 'member' | 'supervise'>): EtcdVersions | undefined {
  if (supervise.kind !== 'child' && supervise.kind !== 'systemd') return undefined;
  const { folder, link = supervise.kind === 'child' ? supervise.child.etcd : undefined } = supervise.versions;
  return new EtcdVersions({
    member: member.name,
    ...(folder === undefined ? {} : { folder }),
    ...(link === undefined ? {} : { link }),
    env: process.env,
  });
}

import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { findEtcd } from '../../distribution/find-binaries.ts';
import type { Supervisor } from '../../supervise/supervisor.ts';

/**
 * What starts and stops the member's process, as the configuration says; undefined where it is only watched. Each kind is loaded where
 * it is used. Throws `ETCD_MISSING`.
 */
export async function supervisorOf({ member, supervise }: Config): Promise<Supervisor | undefined> {
  const { kind, stateDir, stopGraceMs, child, systemd, staticPod } = supervise;
  switch (kind) {
    case 'none':
      return undefined;
    case 'child':
    case 'statefulset': {
      const { childSupervisor } = await import('../../supervise/child/child-supervisor.ts');
      const { name, dataDir, walDir, endpoint, peerUrl = '' } = member;
      return childSupervisor({
        kind,
        member: { name, dataDir, walDir, endpoint, peerUrl },
        program: child.etcd ?? findEtcd(process.env),
        args: child.args,
        logFile: child.logFile ?? join(stateDir, 'etcd.log'),
        ...{ stateDir, stopGraceMs, env: process.env },
      });
    }
    case 'systemd': {
      const [{ systemdSupervisor }, { endCause }] = await Promise.all([
        import('../../supervise/systemd/systemd-supervisor.ts'),
        import('../../supervise/end-cause.ts'),
      ]);
      const { unit, configFile } = systemd;
      return systemdSupervisor({
        ...{ unit, stopGraceMs, explainEnd: endCause },
        ...(configFile === undefined ? {} : { configFile }),
      });
    }
    case 'static-pod': {
      const { staticPodSupervisor } = await import('../../supervise/static-pod/static-pod-supervisor.ts');
      const { hostname, port } = new URL(member.endpoint);
      return staticPodSupervisor({
        manifest: staticPod.manifest,
        holdDir: join(stateDir, 'held'),
        dataDir: member.dataDir,
        memberName: member.name,
        endpoint: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) },
        stopGraceMs,
      });
    }
  }
}

import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import type { StartPlan } from '../supervisor.ts';

/** What the configuration says of the member, from which flags are derived. */
export interface MemberPlace {
  readonly name: string;
  readonly dataDir: string;
  /** Left out: in the data dir. */
  readonly walDir?: string;
  /** Client URL. */
  readonly endpoint: string;
  /** As the other members reach it. */
  readonly peerUrl: string;
}

/**
 * The flags of etcd 3.4, 3.5 and 3.6: those that follow from the member, unless `args` have them, then `args`, then what
 * begins a cluster, only from the plan. Without a plan it says `--initial-cluster-state=existing` all the same: etcd ignores that
 * where there are data, and where against expectation there are none it then refuses to start, instead of beginning a
 * cluster of its own. Throws `SUPERVISE_LISTEN_URL` where the address to listen at cannot be derived.
 */
export function etcdFlags(member: MemberPlace, args: readonly string[], plan: StartPlan): readonly string[] {
  const given = new Set(args.map((arg) => arg.split('=')[0]));
  const derived: (readonly [flag: string, value: () => string])[] = [
    ['--name', () => member.name],
    ['--data-dir', () => member.dataDir],
    ['--listen-client-urls', () => listenUrl(member.endpoint, '--listen-client-urls', member.name)],
    ['--advertise-client-urls', () => member.endpoint],
    ['--listen-peer-urls', () => listenUrl(member.peerUrl, '--listen-peer-urls', member.name)],
    ['--initial-advertise-peer-urls', () => member.peerUrl],
    // The default of 3.4 is another format, and without `stderr` etcd may choose the journal where its parent is process 1.
    ['--logger', () => 'zap'],
    ['--log-outputs', () => 'stderr'],
  ];
  const { walDir, dataDir } = member;
  if (walDir !== undefined && resolve(walDir) !== join(resolve(dataDir), 'member', 'wal')) {
    derived.push(['--wal-dir', () => walDir]);
  }
  return [
    ...derived.filter(([flag]) => !given.has(flag)).map(([flag, value]) => `${flag}=${value()}`),
    ...args,
    ...initialFlags(plan),
  ];
}

function initialFlags({ initial }: StartPlan): readonly string[] {
  if (initial === undefined) return ['--initial-cluster-state=existing'];
  const members = initial.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  return [
    `--initial-cluster=${members}`,
    `--initial-cluster-state=${initial.state}`,
    `--initial-cluster-token=${initial.token}`,
  ];
}

/** Etcd listens at addresses only, and a name may stand for any. */
function listenUrl(url: string, flag: string, member: string): string {
  const { hostname } = new URL(url);
  if (hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return url;
  throw new AgentError('SUPERVISE_LISTEN_URL', `etcd cannot listen at ${url}: ${hostname} is a name`, {
    member,
    remedy: `say in supervise.child.args at which address it shall listen, such as ${flag}=${url.replace(hostname, '0.0.0.0')}`,
  });
}

import { join, resolve, sep } from 'node:path';
import type { RestoreOutput } from '../../backup/restore/output.ts';
import { AgentError } from '../../cluster/agent-error.ts';

/** Of a restore, as the command line says it; names and defaults of the members' are those of etcdutl, but for the token. */
export interface OutputFlags {
  readonly dataDir?: string;
  readonly walDir?: string;
  readonly output?: string;
  readonly name?: string;
  readonly initialCluster?: string;
  /** Absent: made of what is restored. */
  readonly initialClusterToken?: string;
  readonly initialAdvertisePeerUrls?: string;
}

const DEFAULT_NAME = 'default';
const DEFAULT_PEER_URL = 'http://localhost:2380';

/**
 * What is to be made. With several members in the initial cluster and no name, a data dir for each of them, below the folder.
 * Throws `USAGE`.
 */
export function outputOf(flags: OutputFlags): RestoreOutput {
  const { dataDir, walDir, output } = flags;
  if (walDir !== undefined && (dataDir === undefined || areNested(resolve(dataDir), resolve(walDir)))) {
    const remedy = 'Leave it out: then the WAL is where etcd looks for it, in the data dir.';
    throw usage('--wal-dir is for a WAL that lies elsewhere than in --data-dir, and not around it.', remedy);
  }
  if (output !== undefined && dataDir === undefined) return { kind: 'snapshot', file: resolve(output) };
  if (dataDir === undefined || output !== undefined) {
    throw usage('It is not clear what is to be made.', 'Give either --data-dir D or --output F.');
  }
  const name = flags.name ?? DEFAULT_NAME;
  const initialCluster = flags.initialCluster ?? `${name}=${flags.initialAdvertisePeerUrls ?? DEFAULT_PEER_URL}`;
  const members = membersOf(initialCluster);
  const { initialClusterToken } = flags;
  const dirOf = (member: string, below: string, peerUrls: string) => ({
    dataDir: join(resolve(dataDir), below),
    ...(walDir === undefined ? {} : { walDir: join(resolve(walDir), below) }),
    identity: {
      ...{ name: member, initialCluster, initialAdvertisePeerUrls: peerUrls },
      ...(initialClusterToken === undefined ? {} : { initialClusterToken }),
    },
  });
  if (flags.name === undefined && members.size > 1) {
    const dirs = [...members].map(([member, urls]) => dirOf(member, member, urls.join(',')));
    return { kind: 'data-dirs', dirs };
  }
  const [only] = members.keys();
  const chosen = flags.name ?? only ?? DEFAULT_NAME;
  const urls = members.get(chosen);
  if (urls === undefined) {
    throw usage(`Member ${chosen} is not in the initial cluster.`, `It has ${[...members.keys()].join(', ')}.`);
  }
  const peerUrls = flags.initialAdvertisePeerUrls ?? urls.join(',');
  return { kind: 'data-dirs', dirs: [dirOf(chosen, '', peerUrls)] };
}

function areNested(a: string, b: string): boolean {
  return `${a}${sep}`.startsWith(`${b}${sep}`) || `${b}${sep}`.startsWith(`${a}${sep}`);
}

/** Peer URLs by member; a member may be named several times. */
function membersOf(initialCluster: string): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const part of initialCluster.split(',')) {
    const match = /^([^=/]+)=(https?:\/\/.+)$/.exec(part.trim());
    if (match === null) {
      throw usage(
        `${part} is not a member of an initial cluster.`,
        'Write m1=http://10.0.0.1:2380,m2=http://10.0.0.2:2380.',
      );
    }
    const [, name = '', url = ''] = match;
    members.set(name, [...(members.get(name) ?? []), url]);
  }
  return members;
}

function usage(message: string, remedy: string): AgentError {
  return new AgentError('USAGE', message, { remedy });
}

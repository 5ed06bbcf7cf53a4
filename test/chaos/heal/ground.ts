import { MemberClient } from '../../../src/etcd/member-client.ts';
import { TendedCluster, type TendedMember } from '../../healing/tended-cluster.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import { mountSmallFilesystem, type SmallFilesystem } from '../../real/small-filesystem.ts';
import { until } from '../waiting.ts';
import { JournalWatch } from './journal-watch.ts';
import { Links } from './links.ts';
import { QuorumWatch } from './quorum-watch.ts';
import { notWell } from './recovered.ts';

/** Two segments of the WAL of 64 MiB each, twice (the quarantine), and a small database. */
const SMALL_DISK_BYTES = 512 * 2 ** 20;
/** On a busy machine three agents and three etcds take their time to come up. */
const PATIENCE_MS = 400_000;
const QUOTA_BYTES = 48 * 2 ** 20;

/** So that little time passes in which nothing happens, and that nothing is begun that a fault does not call for. */
const SETTINGS = {
  'observe.interval': '2s',
  'observe.deadline': '1900ms',
  'lead.ttl': '5s',
  'heal.replaceAfter': '8s',
  'heal.maxPerDay': '50',
  'maintenance.compaction.mode': 'plan',
  'maintenance.compaction.keep': '1m',
  'maintenance.compaction.keepRevisions': '0',
  'maintenance.defrag.mode': 'plan',
  'maintenance.moveLeader.mode': 'plan',
  'maintenance.nospace.compactOlderThan': '1s',
};

/**
 * Whose database has changed on the disk compares itself with the others before it serves anybody, where nothing else is wanted. Etcd 3.5 knows of
 * no others then until it has made a snapshot, which it does after 100,000 entries by default, and passes itself.
 */
const COMPARING = {
  'at-start': ['--experimental-initial-corrupt-check=true', '--snapshot-count=300'],
  always: ['--experimental-corrupt-check-time=5s'],
  never: [],
};

function electionFlags(electionMs: number): readonly string[] {
  return [`--election-timeout=${electionMs}`, `--heartbeat-interval=${Math.round(electionMs / 10)}`];
}

export interface GroundOptions {
  readonly members?: number;
  readonly version?: EtcdLine;
  /** A member whose data dir lies on a small file system of its own, so that it can be filled up. */
  readonly smallDisk?: boolean;
  /** Between the machines there is a network that can be cut: everything goes through this process. */
  readonly links?: boolean;
  /** A small quota. */
  readonly smallQuota?: boolean;
  /** When etcd compares its data with the others': before it serves (the default), every few seconds, or never. */
  readonly compares?: 'at-start' | 'always' | 'never';
  /** Etcd's own, for a machine that is busy with other things; default: etcd's. */
  readonly electionMs?: number;
  /** The agents' program; default: the source. */
  readonly main?: string;
  /** Further configuration of the agents. */
  readonly set?: Readonly<Record<string, string>>;
}

/** A tended cluster with everything around it that faults need, and two watchers that see what the agents do. */
export interface Ground extends AsyncDisposable {
  readonly cluster: TendedCluster;
  readonly members: readonly TendedMember[];
  /** Past the network between the machines. */
  readonly clients: readonly MemberClient[];
  readonly links: Links;
  readonly journal: JournalWatch;
  readonly quorum: QuorumWatch;
  readonly smallDisk?: { readonly member: string; readonly disk: SmallFilesystem };
  /** Name of the member whose agent leads; undefined where nobody does. */
  leader(): string | undefined;
  /** @param keep leaves data and logs behind */
  close(keep: boolean): Promise<void>;
}

/** Starts one, and comes back when it is well. Whoever starts it closes it. */
export async function startGround(options: GroundOptions = {}): Promise<Ground> {
  const links = new Links();
  const small = options.smallDisk === true ? mountSmallFilesystem(SMALL_DISK_BYTES) : undefined;
  const count = options.members ?? 3;
  const onSmall = `m${count}`;
  const cluster = await TendedCluster.prepare({
    members: count,
    version: options.version ?? '3.5',
    ...(options.links === false ? {} : { route: (member: string, port: number) => links.route(member, port) }),
    ...(small === undefined ? {} : { dataParents: { [onSmall]: small.path } }),
    set: { ...SETTINGS, ...options.set },
    ...(options.main === undefined ? {} : { main: options.main }),
    args: [
      ...COMPARING[options.compares ?? 'at-start'],
      ...(options.electionMs === undefined ? [] : electionFlags(options.electionMs)),
      ...(options.smallQuota === true ? [`--quota-backend-bytes=${QUOTA_BYTES}`] : []),
    ],
  });
  links.knowing(() => cluster.processes());
  const clients = cluster.members.map(
    ({ name, endpoint }) => new MemberClient({ member: name, endpoint, callTimeoutMs: 2000 }),
  );
  const journal = new JournalWatch(clients);
  const quorum = new QuorumWatch(clients);
  const close = async (keep: boolean): Promise<void> => {
    await Promise.all([journal[Symbol.asyncDispose](), quorum[Symbol.asyncDispose]()]);
    for (const client of clients) client.close();
    await cluster.close({ keep });
    await links[Symbol.asyncDispose]();
    await small?.[Symbol.asyncDispose]();
  };
  const ground: Ground = {
    ...{ cluster, members: cluster.members, clients, links, journal, quorum, close },
    ...(small === undefined ? {} : { smallDisk: { member: onSmall, disk: small } }),
    leader: () => journal.snapshot?.leader?.member,
    [Symbol.asyncDispose]: () => close(false),
  };
  try {
    for (const member of cluster.members) member.startAgent();
    await cluster.untilWell(undefined, PATIENCE_MS);
    await until('the cluster does not come to rest', () => notWell(ground), { patienceMs: PATIENCE_MS, pauseMs: 100 });
    return ground;
  } catch (error) {
    await close(true);
    throw error;
  }
}

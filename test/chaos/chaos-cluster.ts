import { MemberClient } from '../../src/etcd/member-client.ts';
import { type JournalKeys, journalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import type { JournalSnapshot } from '../../src/journal/snapshot.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { ChaosAgent } from './chaos-agent.ts';
import { notIdle } from './health.ts';
import { PATIENCE_MS, until } from './waiting.ts';

const QUOTA_BYTES = 16 * 2 ** 20;

/** So that little time passes in which nothing happens, and that nothing is begun that was not asked for. */
const SETTINGS = {
  'observe.interval': '2s',
  // A quorum on a busy machine may take its time.
  'observe.deadline': '1900ms',
  'lead.ttl': '3s',
  'maintenance.armAfter': '0s',
  'maintenance.compaction.mode': 'plan',
  'maintenance.compaction.keep': '1m',
  'maintenance.compaction.keepRevisions': '0',
  'maintenance.defrag.mode': 'plan',
  'maintenance.defrag.settle': '1s',
  'maintenance.moveLeader.mode': 'plan',
  'maintenance.hashCheck.mode': 'plan',
  'maintenance.nospace.compactOlderThan': '1s',
};

/** Three real members, an agent's process beside each, and a look into their journal. */
export interface ChaosCluster extends AsyncDisposable {
  readonly cluster: RealCluster;
  readonly agents: readonly ChaosAgent[];
  /** Of each member. */
  readonly clients: readonly MemberClient[];
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  readonly journal: JournalSnapshot;
  /** The agent beside the member with this id; undefined where the journal does not know it. */
  agentOf(memberId: string | undefined): ChaosAgent | undefined;
  /** The one that leads, by the journal. */
  leader(): ChaosAgent;
  /** Starts the agents that do not run, and waits until all is well and nothing is under way. */
  idle(): Promise<void>;
}

/** Starts one; whoever starts it disposes of it. */
export async function startChaosCluster(): Promise<ChaosCluster> {
  const cluster = await startCluster({ members: 3, quotaBytes: QUOTA_BYTES });
  const clients = cluster.endpoints.map((endpoint, index) => new MemberClient({ member: `m${index + 1}`, endpoint }));
  const [client] = clients;
  if (client === undefined) throw new Error('a cluster without members');
  const keys = journalKeys('/etcd-caretaker/');
  const mirror = new JournalMirror(client, keys);
  const agents = cluster.members.map((member) => new ChaosAgent(cluster, member, SETTINGS));
  const ids = new Map<string, ChaosAgent>();
  const close = async (): Promise<void> => {
    await Promise.all(agents.map((agent) => agent.kill()));
    await mirror.close();
    for (const each of clients) each.close();
    await cluster.close();
  };
  const made: ChaosCluster = {
    ...{ cluster, agents, clients, client, keys },
    get journal() {
      return mirror.snapshot;
    },
    agentOf: (memberId) => ids.get(memberId ?? ''),
    leader: () => {
      const { leader } = mirror.snapshot;
      const found = ids.get(leader?.memberId ?? '');
      if (found === undefined) throw new Error('no agent leads');
      return found;
    },
    idle: async () => {
      await Promise.all(agents.map((agent) => agent.start()));
      await until('the cluster is not well', () => notIdle(made), { patienceMs: PATIENCE_MS });
    },
    [Symbol.asyncDispose]: close,
  };
  try {
    mirror.start();
    for (const [index, agent] of agents.entries()) {
      const { memberId } = (await clients[index]?.status())?.header ?? {};
      ids.set(memberId ?? '', agent);
    }
    await made.idle();
    return made;
  } catch (error) {
    await close();
    throw error;
  }
}

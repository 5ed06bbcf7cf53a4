import { AgentError } from '../cluster/agent-error.ts';
import type { Observation } from '../cluster/observation.ts';
import { type Config, isCollectorOn } from '../config/config.ts';
import { MemberClient } from '../etcd/member-client.ts';
import { journalKeys } from '../journal/keys.ts';
import { canaryCollector } from '../observe/canary.ts';
import { certificatesCollector } from '../observe/certificates.ts';
import { clusterCollector } from '../observe/cluster.ts';
import type { Collector } from '../observe/collector.ts';
import { diskCollector } from '../observe/disk.ts';
import { filesystemCollector } from '../observe/filesystem.ts';
import { fsyncProbeCollector } from '../observe/fsync-probe.ts';
import { hostCollector } from '../observe/host.ts';
import { limitsCollector } from '../observe/limits.ts';
import { memberMachine } from '../observe/machine.ts';
import { memberCollector } from '../observe/member.ts';
import { neighboursCollector } from '../observe/neighbours.ts';
import { peersCollector } from '../observe/peers.ts';
import { pressureCollector } from '../observe/pressure.ts';
import { processCollector } from '../observe/process.ts';
import { quotaCollector } from '../observe/quota.ts';
import { requestsCollector } from '../observe/requests.ts';
import { walCollector } from '../observe/wal.ts';
import { canaryPlace } from './canary-place.ts';
import type { ClientPool } from './clients.ts';
import { isServing } from './member/is-serving.ts';
import { quotaFlagBytes } from './quota-flag.ts';

/** What the collectors share. */
export interface CollectorParts {
  readonly config: Config;
  readonly pool: ClientPool;
  /** The newest observation: what one collector says may guide another, without either knowing the other. */
  readonly observation: () => Observation;
  /** How long a member may take for its status. */
  readonly statusTimeoutMs: number;
  /** How long a quorum may take to answer a read. */
  readonly readTimeoutMs: number;
}

/** Builds every collector that the configuration has switched on; what only some agents need is imported when needed. */
export async function buildCollectors(parts: CollectorParts): Promise<readonly Collector[]> {
  const { config, pool, observation, statusTimeoutMs, readTimeoutMs } = parts;
  const { member, cluster, observe, expose } = config;
  const process = () => observation().sections.process?.value;
  const machine = memberMachine({ dataDir: member.dataDir, walDir: member.walDir, endpoint: member.endpoint });
  const all: readonly Collector[] = [
    memberCollector({
      member: member.name,
      endpoint: member.endpoint,
      linearizableRead: async (signal) => (await pool.own.linearizableRead(signal)).seconds,
      readTimeoutMs,
    }),
    clusterCollector({
      member: member.name,
      ownEndpoint: member.endpoint,
      endpoints: cluster.endpoints,
      clientOf: (endpoint) => pool.of(endpoint),
      retain: (endpoints) => pool.retain(endpoints),
      statusTimeoutMs,
    }),
    walCollector(),
    quotaCollector({ flagBytes: () => quotaFlagBytes(process()) }),
    diskCollector(machine),
    filesystemCollector(machine),
    pressureCollector(machine),
    processCollector(machine),
    fsyncProbeCollector({
      dataDir: member.dataDir,
      walDir: member.walDir,
      ...observe.fsyncProbe,
      // Switched off it still takes away the file that a killed agent left.
      enabled: isCollectorOn(config, 'fsync-probe'),
      foreign: (signal) => machine.etcd.find(signal).then(() => undefined, foreignMessage),
    }),
    peersCollector({ tls: cluster.peerTls, ...observe.peers }),
    certificatesCollector({
      client: cluster.tls,
      peer: cluster.peerTls,
      agent: filesOf(expose.tls),
      endpoints: cluster.endpoints,
      etcdProcess: process,
    }),
    ...(isCollectorOn(config, 'canary') ? [canary(parts)] : []),
    hostCollector(),
    requestsCollector(),
    limitsCollector(machine),
    neighboursCollector({ ...machine, observation, spanMs: Math.min(1000, observe.deadlineMs / 4) }),
    ...(isCollectorOn(config, 'keyspace') ? [await keyspace(parts)] : []),
  ];
  return all.filter(({ name }) => name === 'fsync-probe' || isCollectorOn(config, name));
}

/** Only what says that the data dir is another etcd's; an etcd that is not found may be found later. */
function foreignMessage(error: unknown): string | undefined {
  return error instanceof AgentError && error.code === 'ETCD_PROCESS_FOREIGN' ? error.message : undefined;
}

function filesOf(tls: Config['expose']['tls']): { ca?: string; cert?: string; key?: string } {
  const { clientCa, ...own } = tls;
  return clientCa === undefined ? own : { ...own, ca: clientCa };
}

/** Its client goes another way when the own member does not serve, as that of a user of the cluster would. */
function canary({ config, pool, observation }: CollectorParts): Collector {
  return canaryCollector({
    client: MemberClient.failingOver(
      pool.own,
      () => pool.others(),
      (sinceMs) => isServing(observation(), sinceMs),
    ),
    place: canaryPlace(journalKeys(config.cluster.keyPrefix), observation),
    ...config.observe.canary,
  });
}

async function keyspace({ config, pool, observation }: CollectorParts): Promise<Collector> {
  const { keyspaceCollector } = await import('../observe/keyspace.ts');
  return keyspaceCollector({
    member: config.member.name,
    client: pool.own,
    cluster: () => observation().sections.cluster?.value,
    ...config.observe.keyspace,
  });
}

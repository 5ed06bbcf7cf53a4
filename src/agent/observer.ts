import { within } from '../abort/linked-abort.ts';
import type { SectionName } from '../cluster/observation.ts';
import type { ClusterSection } from '../cluster/sections.ts';
import type { Config } from '../config/config.ts';
import { serverIdFamily } from '../etcd/identity.ts';
import { fetchMetricsPage } from '../etcd/metrics-page.ts';
import { clusterCollector } from '../observe/cluster.ts';
import { firstAnswer } from '../observe/first-answer.ts';
import { quotaMetricFamilies } from '../observe/quota.ts';
import { requestMetricFamilies } from '../observe/requests.ts';
import { MemberIdentity, roundSources } from '../observe/round-sources.ts';
import { emptyObservation, Runner, type RunnerEvents } from '../observe/runner.ts';
import type { Sources } from '../observe/sources.ts';
import { walMetricFamilies } from '../observe/wal.ts';
import { ClientPool } from './clients.ts';
import { buildCollectors } from './collectors.ts';
import { agentVersion } from './version.ts';

/** Everything that observes one member, not yet started. */
export interface Observer {
  readonly runner: Runner;
  /** The clients of the members; owned by the observer. */
  readonly pool: ClientPool;
  /** Asks all members now, beside the rounds. Throws `EtcdError` where nobody has a member list. */
  readonly freshCluster: (signal: AbortSignal) => Promise<ClusterSection>;
  /** Ends the runner, its collectors and the connections. Rejects with what a collector could not let go. */
  close(): Promise<void>;
}

export interface ObserverOptions extends RunnerEvents {
  /** Which of the collectors that are switched on to build; default: all. */
  readonly only?: (name: SectionName) => boolean;
}

/**
 * Parts of a round's deadline: `quorumShare` for a read through the quorum, `ownShare` for the own member's list, then
 * `othersShare` for that of the others; together below `statusShare`, which each member has for its status, and that
 * below the deadline. Who does not answer in time must not take the others' answers along.
 */
const quorumShare = 0.25;
const ownShare = 0.4;
const othersShare = 0.25;
const statusShare = 0.7;

/** Builds what `agent` runs round after round, and `doctor` twice. */
export async function buildObserver(config: Config, options: ObserverOptions = {}): Promise<Observer> {
  const { deadlineMs, intervalMs } = config.observe;
  const { name: member, endpoint, metricsUrl } = config.member;
  const of = { member, cluster: config.cluster.name, agentVersion: agentVersion() };
  const pool = new ClientPool(config);
  const identity = new MemberIdentity({ member, endpoint, metricsUrl });
  const families = [
    ...new Set([serverIdFamily, ...walMetricFamilies, ...quotaMetricFamilies, ...requestMetricFamilies]),
  ];

  let runner: Runner | undefined;
  const collectors = await buildCollectors({
    config,
    pool,
    observation: () => runner?.observation ?? emptyObservation(of),
    statusTimeoutMs: deadlineMs * statusShare,
    readTimeoutMs: deadlineMs * quorumShare,
  });
  const everyone = (): { own: typeof pool.own; others: readonly (typeof pool.own)[] } => ({
    own: pool.own,
    others: pool.others(),
  });
  const sources = (signal: AbortSignal): Sources => {
    const patience = { ownTimeoutMs: deadlineMs * ownShare, othersTimeoutMs: deadlineMs * othersShare, signal };
    return roundSources(
      {
        status: () => within([signal], deadlineMs * statusShare, (until) => pool.own.status(until)),
        members: () =>
          firstAnswer(
            everyone(), // Half of the time for a quorum, then what the member remembers has to do.
            (client, until, patienceMs) => client.memberList(until, patienceMs / 2),
            patience,
          ),
        metricsPage: () => fetchMetricsPage({ url: metricsUrl, member, tls: config.cluster.tls, families, signal }),
      },
      identity,
    );
  };
  const made = new Runner({
    ...options,
    ...of,
    intervalMs,
    deadlineMs,
    collectors: collectors.filter(({ name }) => options.only?.(name) ?? true),
    sources,
  });
  runner = made;
  const beside = clusterCollector({
    member,
    ownEndpoint: endpoint,
    endpoints: config.cluster.endpoints,
    clientOf: (url) => pool.of(url),
    // The rounds say who is still asked.
    retain: () => undefined,
    statusTimeoutMs: deadlineMs * statusShare,
  });
  return {
    runner: made,
    pool,
    freshCluster: (signal) =>
      within([signal], deadlineMs, (until) =>
        beside.collect({ startedAtMs: Date.now(), signal: until, sources: sources(until) }),
      ),
    close: async () => {
      try {
        await made.close();
      } finally {
        pool.close();
      }
    },
  };
}

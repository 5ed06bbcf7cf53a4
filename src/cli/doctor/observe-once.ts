import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo } from '../../agent/clients.ts';
import { buildCollectors } from '../../agent/collectors.ts';
import { agentVersion } from '../../agent/version.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { Config } from '../../config/config.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import { fetchMetricsPage } from '../../etcd/metrics-page.ts';
import { quotaMetricFamilies } from '../../observe/quota.ts';
import { MemberIdentity, roundSources } from '../../observe/round-sources.ts';
import { emptyObservation, Runner } from '../../observe/runner.ts';
import { walMetricFamilies } from '../../observe/wal.ts';

/** Long enough for a few probes of each peer and some fsyncs between the two looks. */
const betweenRoundsMs = 2500;

/** A doctor may wait longer than a loop. */
const deadlineMs = 10_000;

/** Collectors that the doctor leaves out: it measures the disk by itself, and does not read all keys. */
const leftOut: ReadonlySet<string> = new Set(['fsync-probe', 'keyspace']);
const needDirectories: ReadonlySet<string> = new Set(['disk', 'filesystem']);

/**
 * Observes with the agent's own collectors, twice, for what takes an interval: the newest readings count. Where the own
 * member does not answer, the member list and the alarms are asked of the other configured endpoints. Rejects never.
 */
export async function observeOnce(
  config: Config,
  options: { readonly client: MemberClient; readonly knowsDirectories: boolean; readonly signal: AbortSignal },
): Promise<Observation> {
  const { client, signal } = options;
  const of = { member: config.member.name, cluster: config.cluster.name, agentVersion: agentVersion() };
  const others = config.cluster.endpoints
    .filter((endpoint) => endpoint !== config.member.endpoint)
    .map((endpoint) => connectTo(config, endpoint, endpoint));
  let runner: Runner | undefined;
  const observed = (): Observation => runner?.observation ?? emptyObservation(of);
  const collectors = await buildCollectors({ config: quickened(config), client, observation: observed });
  const identity = new MemberIdentity(config.member.name, config.member.endpoint);
  const families = [...new Set([...walMetricFamilies, ...quotaMetricFamilies])];
  const { metricsUrl: url, name: member } = config.member;
  runner = new Runner({
    ...of,
    intervalMs: betweenRoundsMs,
    deadlineMs,
    collectors: collectors.filter(
      ({ name }) => !leftOut.has(name) && (options.knowsDirectories || !needDirectories.has(name)),
    ),
    sources: (within) =>
      roundSources(
        {
          status: (until) => client.status(until),
          members: (until) => firstAnswer([client, ...others], (each) => each.memberList(until)),
          alarms: (until) => firstAnswer([client, ...others], (each) => each.alarms(until)),
          metricsPage: (until) => fetchMetricsPage({ url, member, tls: config.cluster.tls, families, signal: until }),
        },
        identity,
        within,
      ),
  });
  const running = runner;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= running.close();
    return closing;
  };
  const stop = (): void => void close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await running.round();
    await sleep(betweenRoundsMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await running.round();
    return running.observation;
  } finally {
    signal.removeEventListener('abort', stop);
    await close();
    for (const each of others) each.close();
  }
}

/** Peers are probed as often as they may be, since there are only seconds. */
function quickened(config: Config): Config {
  const peers = { ...config.observe.peers, intervalMs: 1000, timeoutMs: Math.min(config.observe.peers.timeoutMs, 900) };
  const collectors = { ...config.observe.collectors, keyspace: false };
  return { ...config, observe: { ...config.observe, peers, collectors } };
}

/** The own member's answer, else that of the first other one that has one, else the own member's refusal. */
async function firstAnswer<T>(
  [own, ...others]: readonly [MemberClient, ...MemberClient[]],
  ask: (client: MemberClient) => Promise<T>,
): Promise<T> {
  try {
    return await ask(own);
  } catch (error) {
    for (const other of others) {
      const answer = await ask(other).then(
        (value) => ({ value }),
        () => undefined,
      );
      if (answer !== undefined) return answer.value;
    }
    throw error;
  }
}

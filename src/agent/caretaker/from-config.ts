import type { Config } from '../../config/config.ts';
import { fetchMetricsPage } from '../../etcd/metrics-page.ts';
import { productionTiming } from '../../operate/timing.ts';
import { decideSettings } from '../decide-settings.ts';
import type { Observer } from '../observer.ts';
import { peerAgents } from '../peer-agents.ts';
import { agentVersion } from '../version.ts';
import type { CaretakerEvents, CaretakerOptions } from './options.ts';

/** How long a read of another agent or of a member may take, beside the rounds. */
const READ_TIMEOUT_MS = 2000;

/** What the caretaker of an agent with this configuration needs. @param url where others reach this agent */
export function caretakerOptions(
  config: Config,
  { observer, url, events }: { observer: Observer; url: string | undefined; events: CaretakerEvents },
): Omit<CaretakerOptions, 'observation' | 'wrapEffects'> {
  const { member, cluster, lead, maintenance, operate } = config;
  const agents = peerAgents(config, observer);
  return {
    member: member.name,
    version: agentVersion(),
    ...(url === undefined ? {} : { url }),
    role: member.role,
    keyPrefix: cluster.keyPrefix,
    ttlMs: lead.ttlMs,
    pauseFile: operate.pauseFile,
    settings: decideSettings(config),
    timing: { ...productionTiming, settleMs: maintenance.defrag.settleMs },
    readTimeoutMs: READ_TIMEOUT_MS,
    client: observer.pool.own,
    freshCluster: observer.freshCluster,
    clientAt: (endpoint) => observer.pool.of(endpoint),
    metricsPageAt: (endpoint, name, families, signal) =>
      fetchMetricsPage({
        // The own member's page may have a listener of its own; others are asked at their client URL, where etcd has it too.
        url: endpoint === member.endpoint ? member.metricsUrl : `${endpoint}/metrics`,
        member: name,
        tls: cluster.tls,
        families,
        signal,
        timeoutMs: READ_TIMEOUT_MS,
      }),
    fetchAgent: (base, path, signal) => agents.fetch(base, path, signal),
    events,
  };
}

/** Where others reach an agent that listens there; undefined where only this machine's socket is sure. */
export function agentUrl(config: Config, listening: { readonly host: string; readonly port: number }): string {
  const { advertise, tls } = config.expose;
  if (advertise !== undefined) return advertise;
  const scheme = tls.cert === undefined ? 'http' : 'https';
  const wildcard = listening.host === '0.0.0.0' || listening.host === '::';
  // Whoever listens everywhere is reached where its member is.
  const host = wildcard ? (URL.parse(config.member.endpoint)?.hostname ?? '127.0.0.1') : listening.host;
  return `${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${listening.port}`;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { actingLog } from '../../src/agent/acting-log.ts';
import { startAgent } from '../../src/agent/agent.ts';
import { Releasers } from '../../src/agent/releasers.ts';
import type { Observation } from '../../src/cluster/observation.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/expose/log.ts';
import { type Status, statusOf } from '../../src/expose/status.ts';
import type { RealCluster, RealMember } from '../real/cluster.ts';

/** A whole agent in this process, beside one member of a real cluster. */
export interface RunningAgent {
  readonly url: string;
  readonly observation: () => Observation;
  /** The status, once it is as wanted; fails with the newest one after 30 s. */
  readonly statusWhen: (wanted: (status: Status) => boolean) => Promise<Status>;
  readonly close: () => Promise<void>;
}

/** Starts it with a round each second; `set` are further configuration keys. */
export async function runningAgent(
  cluster: RealCluster,
  member: RealMember,
  set: Readonly<Record<string, string>> = {},
): Promise<RunningAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'etcd-caretaker-agent-'));
  const { certs } = cluster;
  const tls =
    certs === undefined
      ? {}
      : {
          'cluster.tls.ca': certs.ca,
          'cluster.tls.cert': certs.cert,
          'cluster.tls.key': certs.key,
          'cluster.peerTls.ca': certs.ca,
          'cluster.peerTls.cert': certs.peerCert,
          'cluster.peerTls.key': certs.peerKey,
        };
  const { config } = await loadConfig({
    env: {},
    flags: {
      'member.name': member.name,
      'member.endpoint': member.endpoint,
      'member.dataDir': member.dataDir,
      'member.metricsUrl': member.metricsUrl,
      'cluster.endpoints': cluster.endpoints.join(','),
      'observe.interval': '2s',
      'operate.pauseFile': join(folder, 'agent.pause'),
      'expose.listen': '127.0.0.1:0',
      ...tls,
      ...set,
    },
  });
  const releasers = new Releasers();
  const close = async (): Promise<void> => {
    await releasers.releaseAll({ timeoutMs: 10_000, onFault: () => undefined });
    await rm(folder, { recursive: true, force: true });
  };
  const nothing = (): void => undefined;
  const acting = actingLog(createLog({ level: 'error' }));
  const events = {
    onFault: nothing,
    onRecovery: nothing,
    onReload: nothing,
    onFailure: nothing,
    acting,
    onNotifyFault: nothing,
    onNotifyRecovery: nothing,
  };
  const { observation, server } = await startAgent(
    config,
    { events, socketPath: join(folder, 'agent.sock') },
    releasers,
  ).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    url: `http://127.0.0.1:${server.address.port}`,
    observation,
    statusWhen: async (wanted) => {
      const endMs = performance.now() + 30_000;
      for (;;) {
        const status = statusOf(observation());
        if (wanted(status)) {
          return status;
        }
        if (performance.now() > endMs) {
          const text = JSON.stringify(status, (_, value) => (typeof value === 'bigint' ? String(value) : value), 1);
          throw new Error(`the status never came to be as wanted: ${text}`);
        }
        await sleep(50);
      }
    },
    close,
  };
}

import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ground, startGround } from '../chaos/heal/ground.ts';
import { until } from '../chaos/waiting.ts';
import { startWriteLoad } from '../chaos/write-load.ts';
import { createCertificates } from '../real/certificates.ts';
import { type Monitoring, startMonitoring, type Target } from './monitoring.ts';

/** On a busy machine Prometheus takes its time to see everything. */
const PATIENCE_MS = 120_000;
const folders = new Set<string>();

process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A cluster that agents tend, with a light load, and what watches it. */
export interface WatchedCluster extends AsyncDisposable {
  readonly ground: Ground;
  /** The full snapshots in the store, the oldest first: files of the compressed stream. */
  fulls(): Promise<readonly string[]>;
  /** The agents' own certificate for peers: a file like any other to them, since these peers speak no TLS. */
  readonly peerCertificate: { readonly cert: string; readonly key: string };
  /** A Prometheus and an Alertmanager that know nothing of what was before; whoever asks for them closes them. */
  watch(factor: number): Promise<Monitoring>;
  /** @param keep leaves data and logs behind */
  close(keep: boolean): Promise<void>;
}

/**
 * Starts one. The agents' own pace is divided too, as far as it goes: canaries by 20, rounds come every 1.5 s instead of every ten. They start
 * etcd, recover from nothing else by themselves, and wait long before they replace anybody, so that what was broken stays so.
 */
export async function startWatchedCluster(): Promise<WatchedCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-watched-'));
  folders.add(folder);
  const certs = await createCertificates(join(folder, 'certs'));
  const ground = await startGround({
    smallQuota: true,
    set: {
      'observe.interval': '1500ms',
      'observe.deadline': '1400ms',
      'observe.canary.readInterval': '1s',
      'observe.canary.writeInterval': '3s',
      // Six servers and six watchers on one machine: what is slow because of that is not what is tried.
      'observe.canary.slowAfter': '2s',
      'heal.replaceAfter': '1h',
      'maintenance.nospace.mode': 'plan',
      'cluster.peerTls.ca': certs.ca,
      'cluster.peerTls.cert': certs.peerCert,
      'cluster.peerTls.key': certs.peerKey,
    },
  });
  const load = startWriteLoad(ground.members.map(({ endpoint }) => endpoint));
  let watches = 0;
  const close = async (keep: boolean): Promise<void> => {
    await load.close().catch(() => undefined);
    await ground.close(keep);
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  return {
    ground,
    peerCertificate: { cert: certs.peerCert, key: certs.peerKey },
    fulls: () => fullsOf(fileURLToPath(ground.cluster.store)),
    watch: (factor) => {
      watches += 1;
      return startMonitoring(join(ground.cluster.folder, `monitoring-${watches}`), targets(ground), factor);
    },
    close,
    [Symbol.asyncDispose]: () => close(false),
  };
}

function targets({ members }: Ground): Readonly<Record<string, readonly Target[]>> {
  const at = (url: string): Target => ({ address: new URL(url).host, cluster: 'watched' });
  return {
    'etcd-caretaker': members.map(({ agentUrl }) => at(agentUrl)),
    etcd: members.map(({ endpoint }) => at(endpoint)),
  };
}

/** Waits until Prometheus sees all of the cluster, and has no such alert. */
export async function untilSeen(monitoring: Monitoring, members: number, alert: string): Promise<void> {
  const { alerts, logs, query } = monitoring;
  const missing = async (): Promise<string | undefined> => {
    const [fresh] = await query('etcd_caretaker:agents_fresh:count');
    if (fresh?.value !== members) return `${fresh?.value ?? 'no'} agents are fresh`;
    const levels = await query('etcd_caretaker:canary_error_ratio:rate5m');
    if (levels.length < 2) return 'there is no service level of reads and writes yet';
    const stands = (await alerts()).some(({ labels }) => labels['alertname'] === alert);
    return stands ? `${alert} stands` : undefined;
  };
  await until('Prometheus does not see all of it', missing, { patienceMs: PATIENCE_MS, pauseMs: 200 }).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}\n${logs()}`, { cause: error });
    },
  );
}

async function fullsOf(store: string): Promise<readonly string[]> {
  const names = await readdir(store, { recursive: true });
  return names
    .filter((name) => name.endsWith('.snap.zst'))
    .toSorted()
    .map((name) => join(store, name));
}

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type StaticPodSupervisorOptions,
  staticPodSupervisor,
} from '../../../src/supervise/static-pod/static-pod-supervisor.ts';
import type { Supervisor } from '../../../src/supervise/supervisor.ts';
import { findBinaries } from '../../real/binaries.ts';
import { freePort } from '../../real/ports.ts';
import { kubeadmManifest } from './etcd-manifest.ts';
import { StandInKubelet } from './kubelet.ts';

const run = promisify(execFile);
const binaries = findBinaries('3.5');

/** A host with a kubelet and the manifest of one etcd. */
export interface PodHost extends AsyncDisposable {
  readonly folder: string;
  readonly manifest: string;
  readonly held: string;
  readonly dataDir: string;
  readonly name: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly kubelet: StandInKubelet;
  /** A supervisor as an agent that is started makes it. */
  supervisor(options?: Partial<StaticPodSupervisorOptions>): Supervisor;
  etcdctl(...args: readonly string[]): Promise<string>;
}

/** Makes such a host; `begin` are the flags in the manifest that begin a cluster. The kubelet runs at once. */
export async function podHost(name: string, begin?: (peerUrl: string) => readonly string[]): Promise<PodHost> {
  const folder = mkdtempSync(join(tmpdir(), 'caretaker-static-pod-'));
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const manifests = join(folder, 'manifests');
  const [manifest, holdDir, dataDir] = [
    join(manifests, 'etcd.yaml'),
    join(folder, 'state', 'held'),
    join(folder, 'data'),
  ];
  mkdirSync(manifests);
  const flags = begin?.(peerUrl) ?? [`--initial-cluster=${name}=${peerUrl}`];
  writeFileSync(manifest, kubeadmManifest({ name, dataDir, clientUrl, peerUrl, begin: flags }), { mode: 0o600 });
  const kubelet = new StandInKubelet(manifests, { etcd: binaries.etcd }, join(folder, 'pod.log'));
  const endpoint = { host: '127.0.0.1', port: clientPort };
  return {
    ...{ folder, manifest, held: join(holdDir, 'etcd.yaml'), dataDir, name, peerUrl, clientUrl, kubelet },
    supervisor: (options) =>
      staticPodSupervisor({
        manifest,
        holdDir,
        dataDir,
        memberName: name,
        endpoint,
        stopGraceMs: 60_000,
        pollMs: 50,
        ...options,
      }),
    etcdctl: async (...args) => {
      const env = { ...process.env, ETCDCTL_API: '3' };
      return (await run(binaries.etcdctl, [`--endpoints=${clientUrl}`, ...args], { env })).stdout;
    },
    [Symbol.asyncDispose]: async () => {
      await kubelet[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  const asked = async () => holds();
  while (!(await asked().catch(() => false))) {
    if (performance.now() > deadlineMs) throw new Error(`in vain waited until ${what}`);
    await sleep(50);
  }
}

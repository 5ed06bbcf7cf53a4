import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import type { ProcessState } from '../../cluster/own-member.ts';
import { formatSpan } from '../../cluster/units.ts';
import { beginSettings } from '../begin-settings.ts';
import { EndWatch, type Glimpse, plainCause } from '../end-watch.ts';
import type { StartPlan, Supervisor } from '../supervisor.ts';
import { editedManifest } from './manifest-edit.ts';
import { ManifestPlaces } from './manifest-places.ts';
import { findPodProcess, listens, type PodProcess } from './pod-process.ts';

/** What the supervisor of a static pod is given. */
export interface StaticPodSupervisorOptions {
  /** In the kubelet's folder, such as `/etc/kubernetes/manifests/etcd.yaml`. */
  readonly manifest: string;
  /** Where the manifest is while etcd is stopped: `held` in `supervise.stateDir`. */
  readonly holdDir: string;
  /** As the pod's etcd has it in `--data-dir`. */
  readonly dataDir: string;
  readonly memberName: string;
  /** Where the member serves clients, on this machine. */
  readonly endpoint: { readonly host: string; readonly port: number };
  /** How long etcd may take to end once the kubelet had as long, before it is killed. */
  readonly stopGraceMs: number;
  /** How often it is looked whether etcd still runs; 1 s. */
  readonly pollMs?: number;
  /** How long the kubelet may take to start the pod; 5 min: it may have to fetch the image first. */
  readonly startWithinMs?: number;
  /** `/proc`. */
  readonly procRoot?: string;
}

const START_WITHIN_MS = 300_000;

/** Between two looks while something is awaited. */
const waitStepMs = 200;

/**
 * Starts and stops etcd as a static pod: the kubelet runs what lies in its folder, and stops what is taken away. The kubelet
 * also starts a container again that has ended; that end is told all the same.
 */
export function staticPodSupervisor(options: StaticPodSupervisorOptions): Supervisor {
  return new StaticPodSupervisor(options);
}

/** What can be seen of etcd: its process, or only that its port is open or not; undefined where that says nothing. */
type Sight = { readonly process: PodProcess } | { readonly port: boolean | undefined };

class StaticPodSupervisor implements Supervisor {
  readonly kind = 'static-pod';
  readonly #options: StaticPodSupervisorOptions;
  readonly #places: ManifestPlaces;
  readonly #watch: EndWatch;
  #startedRun: string | undefined;
  /** The processes of the host can be seen: a port without one is not etcd's, or still open while etcd's threads end. */
  #seesProcesses = false;

  constructor(options: StaticPodSupervisorOptions) {
    this.#options = options;
    this.#places = new ManifestPlaces(options.manifest, options.holdDir);
    this.#watch = new EndWatch({
      look: async (signal) => glimpseOf(await this.#see(signal)),
      explain: (how) => Promise.resolve(plainCause(how)),
      intervalMs: options.pollMs ?? 1000,
    });
  }

  async look(signal: AbortSignal): Promise<ProcessState> {
    try {
      const sight = await this.#see(signal);
      if ('process' in sight) {
        const { pid } = sight.process;
        return { state: 'running', pid, adopted: runOf(sight) !== this.#startedRun };
      }
      if (sight.port === false) return { state: 'stopped' };
      const { host, port } = this.#options.endpoint;
      const where = `${host} port ${port}`;
      if (sight.port === undefined)
        return { state: 'unknown', reason: `no process of etcd is seen, and ${where} does not refuse` };
      if (await this.#places.inPlace()) return { state: 'running', adopted: runOf(sight) !== this.#startedRun };
      return { state: 'unknown', reason: `the manifest is not in place, and yet something listens on ${where}` };
    } catch (error) {
      signal.throwIfAborted();
      return { state: 'unknown', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async start(plan: StartPlan, signal: AbortSignal): Promise<void> {
    const { text, path } = await this.#places.read();
    const runs = isRunning(await this.#see(signal));
    // What the kubelet runs, or is about to run, is left alone as long as nothing has to be different: a manifest that changes
    // makes it end a pod.
    const settled = path === this.#places.path && (runs || plan.initial === undefined);
    const { startWithinMs = START_WITHIN_MS } = this.#options;
    const putAtMs = performance.now();
    await this.#places.put(settled ? text : editedManifest(text, beginSettings(plan), path));
    for (;;) {
      const sight = await this.#see(signal);
      if (isRunning(sight)) {
        const run = runOf(sight);
        if (!settled) this.#startedRun = run;
        this.#watch.begun(run);
        return;
      }
      if (performance.now() - putAtMs >= startWithinMs) throw notStarted(path, startWithinMs);
      await sleep(waitStepMs, undefined, { signal });
    }
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#places.hold();
    this.#watch.expectEnd();
    const { stopGraceMs } = this.#options;
    const startedMs = performance.now();
    for (;;) {
      const sight = await this.#see(signal);
      if (!('process' in sight) && sight.port === false) return;
      const waitedMs = performance.now() - startedMs;
      // The kubelet sends SIGTERM. Where it does not, because it is down itself, etcd is asked and at last killed from here.
      if ('process' in sight && waitedMs > stopGraceMs) endProcess(sight.process.pid, waitedMs > 2 * stopGraceMs);
      await sleep(waitStepMs, undefined, { signal });
    }
  }

  onEnd(listener: Parameters<Supervisor['onEnd']>[0]): () => void {
    return this.#watch.onEnd(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  async #see(signal: AbortSignal): Promise<Sight> {
    const { dataDir, memberName, procRoot = '/proc', endpoint } = this.#options;
    const find = () => findPodProcess({ dataDir, memberName, procRoot }, signal);
    const process = await find();
    if (process !== undefined) return this.#seen(process);
    const port = await listens(endpoint.host, endpoint.port, signal);
    // It may have begun between the two looks.
    const begun = port === true ? await find() : undefined;
    if (begun !== undefined) return this.#seen(begun);
    return { port: port === true && this.#seesProcesses ? undefined : port };
  }

  #seen(process: PodProcess): Sight {
    this.#seesProcesses = true;
    return { process };
  }
}

/** The manifest stays: a kubelet that comes back runs it. */
function notStarted(path: string, withinMs: number): AgentError {
  const within = formatSpan(Math.round(withinMs / 1000));
  return new AgentError('SUPERVISE_START_FAILED', `The kubelet has not started what is in ${path} within ${within}.`, {
    remedy: 'See whether the kubelet runs (systemctl status kubelet) and what it says of the pod of etcd.',
  });
}

function isRunning(sight: Sight): boolean {
  return 'process' in sight || sight.port === true;
}

function runOf(sight: Sight): string {
  return 'process' in sight ? `${sight.process.pid}/${sight.process.startTicks}` : 'seen by its port';
}

function glimpseOf(sight: Sight): Glimpse {
  if (isRunning(sight)) return { state: 'running', run: runOf(sight) };
  if ('port' in sight && sight.port === undefined) return { state: 'unknown' };
  return { state: 'ended', how: 'unknown' };
}

/** The process was found a moment ago, by its data dir. One that is paused takes SIGTERM only when it goes on. */
function endProcess(pid: number, atOnce: boolean): void {
  try {
    process.kill(pid, atOnce ? 'SIGKILL' : 'SIGTERM');
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended, or the agent has no right to: then the next look finds it still running, as long as the caller waits.
  }
}

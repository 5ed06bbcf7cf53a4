import { untilAborted } from '../../abort/until-aborted.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { ProcessEnd, ProcessState } from '../../cluster/own-member.ts';
import type { StartPlan, Supervisor } from '../supervisor.ts';
import { endProcess } from './end-process.ts';
import { etcdEnvironment } from './etcd-environment.ts';
import { etcdFlags, type MemberPlace } from './etcd-flags.ts';
import { adoptEtcd, type EtcdProcess } from './etcd-process.ts';
import { type FoundRunning, findRunning } from './find-running.ts';
import { describeEnd, endWhileAway, type OwnLines } from './last-end.ts';
import { sizeOf } from './log-file.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { startEtcd } from './start-etcd.ts';

/** What `childSupervisor` needs to know. */
export interface ChildOptions {
  /** `statefulset` in a pod, where the process is started and stopped in the same way. Default `child`. */
  readonly kind?: 'child' | 'statefulset';
  readonly member: MemberPlace;
  /** Path of the etcd program. */
  readonly program: string;
  /** Further flags of etcd, each `--flag` or `--flag=value`. */
  readonly args: readonly string[];
  /** Where the output of etcd goes. */
  readonly logFile: string;
  /** The agent's own folder for this member: the pid file is there. */
  readonly stateDir: string;
  /** How long etcd may take to end before it is killed. */
  readonly stopGraceMs: number;
  /** Etcd gets it without what would steer it. */
  readonly env: NodeJS.ProcessEnv;
}

/** The process that is there now. */
interface Current {
  readonly process: EtcdProcess;
  readonly lines: OwnLines;
  /** Settles when its end has been taken note of. */
  readonly settled: Promise<void>;
  isAskedToEnd: boolean;
}

/**
 * Starts etcd as a process of the agent's own machine that goes on when the agent ends, and finds it again. Throws
 * `SUPERVISE_START_FAILED`, `SUPERVISE_STOP_FAILED`, `SUPERVISE_LISTEN_URL` and, where a process may or may not be this
 * member's etcd, `SUPERVISE_UNPROVEN`.
 */
export function childSupervisor(options: ChildOptions): Supervisor {
  return new ChildSupervisor(options);
}

class ChildSupervisor implements Supervisor {
  readonly kind: 'child' | 'statefulset';
  readonly #options: ChildOptions;
  readonly #listeners = new Set<(end: ProcessEnd) => void>();
  /** One start, stop or search after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #current: Current | undefined;
  #lastEnd: ProcessEnd | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.kind = options.kind ?? 'child';
  }

  async look(signal: AbortSignal): Promise<ProcessState> {
    // Also while a stop waits for its end.
    if (this.#current?.process.running === true) return runningState(this.#current.process);
    return await this.#inTurn(signal, async () => {
      const found = await this.#find();
      if (found === 'unproven') return { state: 'unknown', reason: unproven(this.#options.member.dataDir) };
      if (found !== undefined) return runningState(found.process);
      return { state: 'stopped', ...(this.#lastEnd === undefined ? {} : { end: this.#lastEnd }) };
    });
  }

  async start(plan: StartPlan, signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async () => {
      if ((await this.#findProven()) !== undefined) return;
      const { member, program, args, logFile, stateDir, env } = this.#options;
      const flags = etcdFlags(member, args, plan);
      const started = await startEtcd({ program, flags, logFile, env: etcdEnvironment(env), member: member.name });
      await this.#take(started.process, started.lines, stateDir);
    });
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async () => {
      const current = await this.#findProven();
      if (current === undefined) return;
      current.isAskedToEnd = true;
      try {
        await endProcess(current.process, this.#options.stopGraceMs);
      } catch (cause) {
        current.isAskedToEnd = false;
        throw new AgentError(
          'SUPERVISE_STOP_FAILED',
          `etcd (process ${current.process.pid}) cannot be ended: ${cause}`,
          {
            member: this.#options.member.name,
            remedy: "run the agent as root or as etcd's user",
            cause,
          },
        );
      }
      await current.settled;
    });
  }

  onEnd(listener: (end: ProcessEnd) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    this.#current?.process.letGo();
  }

  /** What is begun goes on when the signal ends the wait for it. */
  #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return untilAborted(turn, signal);
  }

  async #findProven(): Promise<Current | undefined> {
    const found = await this.#find();
    if (found !== 'unproven') return found;
    const { name, dataDir } = this.#options.member;
    throw new AgentError('SUPERVISE_UNPROVEN', unproven(dataDir), {
      member: name,
      remedy: 'wait until it serves or ends; if it does neither, end it by hand',
    });
  }

  /** The process that runs, whoever has started it. */
  async #find(): Promise<Current | 'unproven' | undefined> {
    if (this.#current?.process.running === true) return this.#current;
    await this.#current?.settled;
    const { stateDir, member, program, logFile } = this.#options;
    const found = await findRunning({ stateDir, dataDir: member.dataDir, program, ports: portsOf(member) });
    if (found.is === 'unproven') return 'unproven';
    if (found.is === 'none') {
      this.#lastEnd ??= await this.#endWhileAway(found);
      return undefined;
    }
    const lines = found.record ?? { logFile, logOffsetBytes: await sizeOf(logFile) };
    return await this.#take(adoptEtcd(found.process), lines, stateDir);
  }

  async #endWhileAway({ record }: Extract<FoundRunning, { is: 'none' }>): Promise<ProcessEnd | undefined> {
    return record === undefined || record.dataDir !== this.#options.member.dataDir ? undefined : endWhileAway(record);
  }

  async #take(process: EtcdProcess, lines: OwnLines, stateDir: string): Promise<Current> {
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    const current: Current = { process, lines, settled, isAskedToEnd: false };
    this.#current = current;
    void process.ended.then((how) => this.#ended(current, how)).finally(resolve);
    const { dataDir } = this.#options.member;
    const { pid, startTicks } = process;
    // Where it cannot be written, as on a full disk, the process is found by its data dir.
    await writePidFile(stateDir, { pid, startTicks, dataDir, ...lines }).catch(() => undefined);
    return current;
  }

  async #ended(current: Current, how: string): Promise<void> {
    const end = await describeEnd(how, current.lines, current.isAskedToEnd, Date.now());
    this.#lastEnd = end;
    if (this.#current === current) this.#current = undefined;
    if (current.isAskedToEnd) {
      // Or the next agent would take it as an end that nobody asked for.
      await removePidFile(this.#options.stateDir).catch(() => undefined);
      return;
    }
    for (const listener of this.#listeners) listener(end);
  }
}

function runningState({ pid, adopted }: EtcdProcess): ProcessState {
  return { state: 'running', pid, adopted };
}

function unproven(dataDir: string): string {
  return `a process called etcd has ${dataDir} on its command line, but has not opened it and does not listen where the member does`;
}

function portsOf({ endpoint, peerUrl }: MemberPlace): readonly number[] {
  return [endpoint, peerUrl].map((url) => {
    const { port, protocol } = new URL(url);
    return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  });
}

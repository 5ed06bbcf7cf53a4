import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RealCluster, RealMember } from '../real/cluster.ts';
import type { AgentPlan } from './agent-process.ts';
import type { AgentMessage, ArmMessage, RecordedCall } from './fault-point.ts';

const PROCESS_FILE = join(import.meta.dirname, 'agent-process.ts');

/** Of the agents' API: only a test's own cluster can be reached with it. */
export const TOKEN = 'only-for-chaos-in-tests';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** An agent in a process of its own beside one member, which can be told when to die. */
export class ChaosAgent {
  readonly member: string;
  /** What the process has written to its log. */
  readonly logFile: string;
  readonly #plan: AgentPlan;
  #child: ChildProcess | undefined;
  #url = '';

  constructor(cluster: RealCluster, { name, endpoint, dataDir, metricsUrl }: RealMember, set: AgentPlan['set']) {
    this.member = name;
    this.logFile = join(cluster.folder, `${name}.agent.log`);
    const tokenFile = join(cluster.folder, `${name}.token`);
    writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
    this.#plan = {
      cluster: { endpoints: cluster.endpoints },
      member: { name, endpoint, dataDir, metricsUrl },
      set: { ...set, 'expose.auth.tokenFile': tokenFile },
      callsFile: join(cluster.folder, `${name}.calls`),
    };
  }

  /** Of its API; the same after each start, as it is where agents really run. */
  get url(): string {
    return this.#url;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the process, and comes back when the agent listens. */
  async start(): Promise<void> {
    if (this.running) return;
    const log = openSync(this.logFile, 'a');
    const listen = this.#url === '' ? {} : { 'expose.listen': new URL(this.#url).host };
    const plan: AgentPlan = { ...this.#plan, set: { ...this.#plan.set, ...listen } };
    const child = fork(PROCESS_FILE, [JSON.stringify(plan)], { stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const message = await this.#next((told) => 'url' in told);
    if ('url' in message) this.#url = message.url;
  }

  /** Lets it die, or stop, at a point; without one it only records its calls; `null`: neither. */
  async arm(armed: ArmMessage['arm']): Promise<void> {
    const answered = this.#next((told) => 'armed' in told);
    this.#child?.send({ arm: armed } satisfies ArmMessage);
    await answered;
  }

  /** What it has recorded since it was first armed. */
  calls(): readonly RecordedCall[] {
    const { callsFile } = this.#plan;
    if (!existsSync(callsFile)) return [];
    const lines = readFileSync(callsFile, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line): RecordedCall => JSON.parse(line));
  }

  /** All of its log. */
  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  /** The end of its log. */
  logTail(): string {
    return this.log().slice(-4000);
  }

  /** Whether the process is stopped as a whole. */
  get stopped(): boolean {
    const stat = readFileSync(`/proc/${this.#child?.pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  }

  /** Stops the process as a whole: its sockets accept, and nothing answers. */
  stop(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Lets a stopped one go on. */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends the process at once; it is gone when this comes back. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** The next message of a kind. Throws with the end of the log where the process ends first. */
  #next(wanted: (message: AgentMessage) => boolean): Promise<AgentMessage> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onMessage = (message: AgentMessage): void => {
        if (wanted(message)) settle(() => resolve(message));
      };
      const onExit = (): void => {
        settle(() => reject(new Error(`the agent of ${this.member} ended:\n${this.logTail()}`)));
      };
      const settle = (end: () => void): void => {
        child?.off('message', onMessage);
        child?.off('exit', onExit);
        end();
      };
      child?.on('message', onMessage);
      child?.on('exit', onExit);
    });
  }
}

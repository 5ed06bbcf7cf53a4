import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type EtcdLine, findBinaries } from '../real/binaries.ts';
import { freePort } from '../real/ports.ts';
import { startTcpProxy, type TcpProxy } from '../real/tcp-proxy.ts';
import { etcdOn, killMarked, MARK, markedProcesses, readText } from './tended-processes.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const TOKEN = 'only-for-tests-of-healing';
const folders = new Set<string>();
const marks = new Set<string>();

process.on('exit', () => {
  for (const mark of marks) killMarked(mark);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export interface TendedOptions {
  /** Default 3. */
  readonly members?: number;
  /** Default 3.5. */
  readonly version?: EtcdLine;
  /** Peers reach each member through a proxy of its own, which is what it advertises. */
  readonly peerProxies?: boolean;
  /**
   * The way to a port of a member: the port that everybody else is told in its place. What the test itself asks of the agents
   * goes past it.
   */
  readonly route?: (member: string, port: number) => Promise<number>;
  /** Where the data dir of a member lies, by its name, if not in its folder. */
  readonly dataParents?: Readonly<Record<string, string>>;
  /** Further configuration of every agent, by path. */
  readonly set?: Readonly<Record<string, string>>;
  /** Further flags of every etcd. */
  readonly args?: readonly string[];
}

/** One member of a tended cluster: the agent beside it, and what that agent has started. */
export interface TendedMember {
  readonly name: string;
  readonly endpoint: string;
  readonly peerUrl: string;
  readonly agentUrl: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly stateDir: string;
  readonly peerProxy?: TcpProxy;
  /** Starts the agent where it does not run; it starts etcd. */
  startAgent(): void;
  readonly agentPid: number | undefined;
  /** Of the etcd that runs on its data dir, whoever started it. */
  etcdPid(): number | undefined;
  /** Comes back when it has ended. */
  killAgent(signal?: NodeJS.Signals): Promise<void>;
  killEtcd(signal?: NodeJS.Signals): void;
  /** Removes the data dir, as a disk that was replaced would. */
  wipeData(): Promise<void>;
  /** Removes everything but the configuration: the machine came back empty. */
  wipeMachine(): Promise<void>;
  /** What the agent says of its member. */
  own(): Promise<unknown>;
  agentLog(): string;
  etcdLog(): string;
}

/** A cluster whose etcds are started by the agents beside them. Whoever starts it closes it: nothing is left running. */
export class TendedCluster implements AsyncDisposable {
  readonly folder: string;
  readonly store: string;
  readonly members: readonly TendedMember[];
  readonly #mark: string;

  private constructor(folder: string, mark: string, members: readonly TendedMember[]) {
    this.folder = folder;
    this.#mark = mark;
    this.members = members;
    this.store = storeOf(folder);
  }

  /** Makes the configurations, and starts the agents. */
  static async start(options: TendedOptions = {}): Promise<TendedCluster> {
    const cluster = await TendedCluster.prepare(options);
    for (const member of cluster.members) member.startAgent();
    return cluster;
  }

  /** Makes the configurations only. */
  static async prepare({ members: count = 3, ...options }: TendedOptions = {}): Promise<TendedCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-tended-'));
    folders.add(folder);
    const mark = `${process.pid}-${folders.size}-${performance.now()}`;
    marks.add(mark);
    const plans = await Promise.all(
      Array.from({ length: count }, async (_, index): Promise<Plan> => {
        const [client, peer, agent] = [await freePort(), await freePort(), await freePort()];
        const proxy = options.peerProxies === true ? await startTcpProxy(peer) : undefined;
        const name = `m${index + 1}`;
        const way = options.route ?? (async (_: string, port: number) => port);
        const [clientWay, peerWay, agentWay] = [
          await way(name, client),
          proxy?.port ?? (await way(name, peer)),
          await way(name, agent),
        ];
        return { name, folder: join(folder, name), client, peer, agent, clientWay, peerWay, agentWay, proxy, mark };
      }),
    );
    const members = await Promise.all(plans.map((plan) => memberOf(plan, plans, options)));
    return new TendedCluster(folder, mark, members);
  }

  member(name: string): TendedMember {
    const found = this.members.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no member ${name}`);
    return found;
  }

  /** A client of one member; whoever asks for it closes it. */
  client(name = 'm1'): MemberClient {
    const { endpoint } = this.member(name);
    return new MemberClient({ member: name, endpoint, callTimeoutMs: 3000 });
  }

  /** Asks for an operation, as a person does. */
  async request(operation: string, member?: string): Promise<void> {
    const [first] = this.members.filter(({ name }) => name !== member);
    const reply = await fetch(`${first?.agentUrl}/api/v1/operations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ operation, ...(member === undefined ? {} : { member }), by: 'a test' }),
    });
    if (reply.status !== 202) throw new Error(`${operation} was not taken: ${await reply.text()}`);
  }

  /** The operation under way, as the first agent sees it. */
  async slot(): Promise<unknown> {
    const reply = await fetch(`${this.members[0]?.agentUrl}/api/v1/operations`);
    const body: unknown = await reply.json();
    return typeof body === 'object' && body !== null ? Reflect.get(body, 'slot') : undefined;
  }

  /** Waits until each of these members is a healthy voter of a cluster that has so many voters. */
  async untilWell(names: readonly string[] = this.members.map(({ name }) => name), timeoutMs = 90_000): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    let last: unknown;
    for (;;) {
      try {
        await Promise.all(names.map((name) => this.#isWell(name, names.length)));
        return;
      } catch (error) {
        last = error;
      }
      if (performance.now() > untilMs)
        throw new Error(`the cluster did not get well: ${String(last)}\n${this.#logs()}`);
      await sleep(100);
    }
  }

  async #isWell(name: string, voters: number): Promise<void> {
    const client = this.client(name);
    try {
      const { members, linearizable } = await client.memberList();
      if (!linearizable) throw new Error(`no quorum answers through ${name}`);
      const list = members.map((member) => `${member.name || member.id}${member.isLearner ? ' (learner)' : ''}`);
      if (members.length !== voters || members.some(({ isLearner }) => isLearner)) {
        throw new Error(`${name} lists ${list.join(', ')}`);
      }
      const { header } = await client.status();
      if (!members.some((member) => member.id === header.memberId && member.name === name)) {
        throw new Error(`${header.memberId} answers as ${name}, and ${list.join(', ')} are listed`);
      }
    } finally {
      client.close();
    }
  }

  #logs(): string {
    return this.members.map(({ name, agentLog }) => `--- ${name}\n${agentLog().slice(-1500)}`).join('\n');
  }

  /** Its processes, agents and etcds, with the member that each is of. */
  processes(): readonly { readonly pid: number; readonly member: string }[] {
    const found = markedProcesses(this.#mark);
    return this.members.flatMap(({ name, folder, dataDir }) => {
      const words = new Set([`--data-dir=${dataDir}`, join(folder, 'agent.yaml')]);
      return found
        .filter((each) => each.words.some((word) => words.has(word)))
        .map(({ pid }) => ({ pid, member: name }));
    });
  }

  /** @param keep leaves data and logs behind, for somebody to look at */
  async close({ keep = false }: { readonly keep?: boolean } = {}): Promise<void> {
    // Agents first, or they would start etcd again.
    for (let pass = 0; pass < 20 && killMarked(this.#mark) > 0; pass += 1) await sleep(50);
    marks.delete(this.#mark);
    await Promise.all(this.members.map(({ peerProxy }) => peerProxy?.close()));
    if (!keep) await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    folders.delete(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Plan {
  readonly name: string;
  readonly folder: string;
  readonly client: number;
  readonly peer: number;
  readonly agent: number;
  readonly clientWay: number;
  readonly peerWay: number;
  readonly agentWay: number;
  readonly proxy: TcpProxy | undefined;
  readonly mark: string;
}

function storeOf(folder: string): string {
  return pathToFileURL(join(folder, 'backups')).href;
}

function peerUrlOf({ peerWay }: Plan): string {
  return `http://127.0.0.1:${peerWay}`;
}

async function memberOf(plan: Plan, plans: readonly Plan[], options: TendedOptions): Promise<TendedMember> {
  const { name, folder, client, peer, agent, clientWay, agentWay, mark, proxy } = plan;
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'agent.yaml');
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, TOKEN, { mode: 0o600 });
  const dataDir = join(options.dataParents?.[name] ?? folder, 'data');
  const stateDir = join(folder, 'state');
  const logFile = join(folder, 'etcd.log');
  const endpoint = `http://127.0.0.1:${clientWay}`;
  const agentUrl = `http://127.0.0.1:${agent}`;
  const text = stringify({
    member: { name, endpoint, peerUrl: peerUrlOf(plan), dataDir },
    cluster: {
      name: 'tended',
      endpoints: plans.map((each) => `http://127.0.0.1:${each.clientWay}`),
      peers: plans.map((each) => `${each.name}=${peerUrlOf(each)} http://127.0.0.1:${each.agentWay}`),
    },
    observe: { interval: '1s', deadline: '900ms' },
    maintenance: { armAfter: '0s', defrag: { settle: '1s' } },
    backup: { store: storeOf(join(folder, '..')), full: { schedule: '0 0 1 1 *' } },
    supervise: {
      kind: 'child',
      stateDir,
      child: {
        etcd: findBinaries(options.version).etcd,
        logFile,
        args: [
          `--listen-peer-urls=http://127.0.0.1:${peer}`,
          `--listen-client-urls=http://127.0.0.1:${client}`,
          ...(options.args ?? []),
        ],
      },
    },
    operate: { pauseFile: join(folder, 'pause') },
    expose: {
      listen: `127.0.0.1:${agent}`,
      advertise: `http://127.0.0.1:${agentWay}`,
      socket: join(folder, 'agent.sock'),
      auth: { tokenFile },
    },
  });
  await writeFile(config, text);
  const settings = Object.entries(options.set ?? {}).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  let child: ChildProcess | undefined;
  const agentLogFile = join(folder, 'agent.log');
  return {
    ...{ name, endpoint, peerUrl: peerUrlOf(plan), agentUrl, folder, dataDir, stateDir },
    ...(proxy === undefined ? {} : { peerProxy: proxy }),
    startAgent: () => {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) return;
      const log = openSync(agentLogFile, 'a');
      child = spawn(process.execPath, [MAIN, 'agent', '--config', config, ...settings], {
        stdio: ['ignore', log, log],
        env: { ...process.env, [MARK]: mark, ETCD_UNSUPPORTED_ARCH: process.arch },
      });
      closeSync(log);
    },
    get agentPid() {
      return child?.pid;
    },
    etcdPid: () => etcdOn(dataDir),
    killAgent: async (signal = 'SIGKILL') => {
      const ended = child === undefined || child.exitCode !== null || child.signalCode !== null;
      if (ended || child === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      child.once('exit', () => resolve());
      child.kill(signal);
      await promise;
    },
    killEtcd: (signal = 'SIGKILL') => {
      const pid = etcdOn(dataDir);
      if (pid !== undefined) process.kill(pid, signal);
    },
    wipeData: () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }),
    wipeMachine: async () => {
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
      await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
    own: async () => {
      const reply = await fetch(`${agentUrl}/api/v1/observation`, { signal: AbortSignal.timeout(2000) });
      const body: unknown = await reply.json();
      return typeof body === 'object' && body !== null ? Reflect.get(body, 'own') : undefined;
    },
    agentLog: () => readText(agentLogFile),
    etcdLog: () => readText(logFile),
  };
}

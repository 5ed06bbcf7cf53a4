import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { type EtcdLine, findBinaries } from '../real/binaries.ts';
import type { Certificates } from '../real/certificates.ts';
import type { TcpProxy } from '../real/tcp-proxy.ts';
import { etcdOn, MARK, readText } from './tended-processes.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
/** Of the agents' API: only a test's own cluster can be reached with it. */
export const TOKEN = 'only-for-tests-of-healing';

export interface TendedOptions {
  /** Default 3. */
  readonly members?: number;
  /** Of the member with this number, from 0; default `m1`, `m2`, and so on. */
  readonly nameOf?: (index: number) => string;
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
  /** Everything speaks TLS with certificates on both sides: clients, peers and agents. The test itself too. */
  readonly certs?: Certificates;
  /** Further configuration of every agent, by path. */
  readonly set?: Readonly<Record<string, string>>;
  /** Each starts etcd through a symbolic link of its own, and finds other versions here. */
  readonly versionsFolder?: string;
  /** The agents' program; default: this very source. */
  readonly main?: string;
  /** With so many of them a new cluster begins, and the others join; default all. */
  readonly beginners?: number;
  /** Further flags of every etcd. */
  readonly args?: readonly string[];
  /** Whether they know a store for backups; default true. */
  readonly backups?: boolean;
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
  /** With `versionsFolder`: through which its etcd is started. */
  readonly etcdLink: string;
}

/** What an agent answers on its socket, where reads need neither certificate nor token. */
export async function askOverSocket(socketPath: string, path: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const asked = request({ socketPath, path, signal: AbortSignal.timeout(2000) }, (reply) => {
    json(reply).then(resolve, reject);
  });
  asked.on('error', reject);
  asked.end();
  return await promise;
}

/** Where everything of a member is. */
export interface MemberPlan {
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

/** Where backups go: all members share it. */
export function storeOf(folder: string): string {
  return pathToFileURL(join(folder, 'backups')).href;
}

function peerUrlOf({ peerWay }: MemberPlan, scheme: string): string {
  return `${scheme}://127.0.0.1:${peerWay}`;
}

/** The flags of an etcd that asks everybody for a certificate. */
function tlsFlags({ ca, serverCert, serverKey, peerCert, peerKey }: Certificates): readonly string[] {
  return [
    ...[`--trusted-ca-file=${ca}`, `--cert-file=${serverCert}`, `--key-file=${serverKey}`, '--client-cert-auth=true'],
    ...[`--peer-trusted-ca-file=${ca}`, `--peer-cert-file=${peerCert}`, `--peer-key-file=${peerKey}`],
    '--peer-client-cert-auth=true',
  ];
}

/** Writes the configuration of its agent. */
export async function memberOf(
  plan: MemberPlan,
  plans: readonly MemberPlan[],
  options: TendedOptions,
): Promise<TendedMember> {
  const { name, folder, client, peer, agent, clientWay, agentWay, mark, proxy } = plan;
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'agent.yaml');
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, TOKEN, { mode: 0o600 });
  const dataDir = join(options.dataParents?.[name] ?? folder, 'data');
  const stateDir = join(folder, 'state');
  const logFile = join(folder, 'etcd.log');
  const { certs, versionsFolder } = options;
  const etcdLink = join(folder, 'etcd');
  if (versionsFolder !== undefined) await symlink(findBinaries(options.version).etcd, etcdLink);
  const scheme = certs === undefined ? 'http' : 'https';
  const endpoint = `${scheme}://127.0.0.1:${clientWay}`;
  const agentUrl = `${scheme}://127.0.0.1:${agent}`;
  const text = stringify({
    member: { name, endpoint, peerUrl: peerUrlOf(plan, scheme), dataDir },
    cluster: {
      name: 'tended',
      endpoints: plans.map((each) => `${scheme}://127.0.0.1:${each.clientWay}`),
      ...(certs === undefined
        ? {}
        : {
            tls: { ca: certs.ca, cert: certs.cert, key: certs.key },
            peerTls: { ca: certs.ca, cert: certs.peerCert, key: certs.peerKey },
          }),
      peers: plans
        .slice(0, options.beginners)
        .map((each) => `${each.name}=${peerUrlOf(each, scheme)} ${scheme}://127.0.0.1:${each.agentWay}`),
    },
    observe: { interval: '1s', deadline: '900ms' },
    maintenance: { armAfter: '0s', defrag: { settle: '1s' } },
    ...(options.backups === false
      ? {}
      : { backup: { store: storeOf(join(folder, '..')), full: { schedule: '0 0 1 1 *' } } }),
    supervise: {
      kind: 'child',
      stateDir,
      ...(versionsFolder === undefined ? {} : { versions: { folder: versionsFolder } }),
      child: {
        etcd: versionsFolder === undefined ? findBinaries(options.version).etcd : etcdLink,
        logFile,
        args: [
          `--listen-peer-urls=${scheme}://127.0.0.1:${peer}`,
          `--listen-client-urls=${scheme}://127.0.0.1:${client}`,
          ...(certs === undefined ? [] : tlsFlags(certs)),
          ...(options.args ?? []),
        ],
      },
    },
    operate: { pauseFile: join(folder, 'pause') },
    expose: {
      listen: `127.0.0.1:${agent}`,
      advertise: `${scheme}://127.0.0.1:${agentWay}`,
      // Also what agents show each other: without it each would take the others for strangers.
      ...(certs === undefined ? {} : { tls: { cert: certs.peerCert, key: certs.peerKey, clientCa: certs.ca } }),
      socket: join(folder, 'agent.sock'),
      auth: { tokenFile },
    },
  });
  await writeFile(config, text);
  const settings = Object.entries(options.set ?? {}).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  let child: ChildProcess | undefined;
  const agentLogFile = join(folder, 'agent.log');
  return {
    ...{ name, endpoint, peerUrl: peerUrlOf(plan, scheme), agentUrl, folder, dataDir, stateDir, etcdLink },
    ...(proxy === undefined ? {} : { peerProxy: proxy }),
    startAgent: () => {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) return;
      const log = openSync(agentLogFile, 'a');
      child = spawn(process.execPath, [options.main ?? MAIN, 'agent', '--config', config, ...settings], {
        stdio: ['ignore', log, log],
        env: { ...process.env, [MARK]: mark, ETCD_UNSUPPORTED_ARCH: process.arch, POD_NAME: name },
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
      const body = await askOverSocket(join(folder, 'agent.sock'), '/api/v1/observation');
      return typeof body === 'object' && body !== null ? Reflect.get(body, 'own') : undefined;
    },
    agentLog: () => readText(agentLogFile),
    etcdLog: () => readText(logFile),
  };
}

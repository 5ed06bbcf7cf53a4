import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EtcdBinaries, type EtcdLine, findBinaries } from './binaries.ts';
import { type Certificates, createCertificates } from './certificates.ts';
import { RealMember } from './member.ts';
import { freePort } from './ports.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export type { Certificates } from './certificates.ts';
export { RealMember } from './member.ts';

const run = promisify(execFile);
const folders = new Set<string>();

process.on('exit', () => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

export type ClusterOptions = {
  /** Default 1. */
  readonly members?: number;
  /** Further members that are planned and not started, in no list: default none. */
  readonly spares?: number;
  /** Default 3.5. */
  readonly version?: EtcdLine;
  /** mTLS covers clients and peers; the metrics listener stays plain. Default none. */
  readonly tls?: 'none' | 'mtls';
  /** Turns authentication on, with user root and this password. */
  readonly auth?: { readonly rootPassword: string };
  readonly quotaBytes?: number;
  /** Peers reach each member through a proxy of its own, whose port it advertises. Default false. */
  readonly peerProxies?: boolean;
  /** Where the members' data goes, and nothing else; default: the cluster's own folder. Its owner removes it. */
  readonly dataFolder?: string;
  /** Further arguments for every member. */
  readonly extraArgs?: readonly string[];
};

/** A running etcd cluster of its own folder, on loopback; whoever starts it closes it. */
export type RealCluster = AsyncDisposable & {
  readonly members: readonly RealMember[];
  /** Named on from the members. */
  readonly spares: readonly RealMember[];
  /** With mTLS only. */
  readonly certs?: Certificates;
  readonly endpoints: readonly string[];
  /** With `peerProxies` only, in the order of the members: what lies before each one's peer port. */
  readonly peerProxies: readonly TcpProxy[];
  readonly folder: string;
  readonly binaries: EtcdBinaries;
  /** Runs etcdctl against all endpoints (or those in `args`) with the cluster's credentials; gives its stdout. */
  etcdctl(...args: readonly string[]): Promise<string>;
  /** Kills all members and removes the folder. */
  close(): Promise<void>;
};

/** Starts a cluster of real etcd processes and returns when every member answers. */
export const startCluster = async (options: ClusterOptions = {}): Promise<RealCluster> => {
  const binaries = findBinaries(options.version);
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-cluster-'));
  folders.add(folder);
  const certs = options.tls === 'mtls' ? await createCertificates(join(folder, 'certs')) : undefined;
  const { members: planned, peerProxies } = await planMembers(options, binaries, folder, certs);
  const members = planned.slice(0, options.members ?? 1);
  const close = async () => {
    await Promise.all(planned.map((member) => member.kill()));
    await Promise.all(peerProxies.map((proxy) => proxy.close()));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    folders.delete(folder);
  };
  try {
    await Promise.all(members.map((member) => member.start()));
    const etcdctl = controller(members, binaries, certs);
    if (options.auth !== undefined) {
      await etcdctl([], 'user', 'add', `root:${options.auth.rootPassword}`);
      await etcdctl([], 'user', 'grant-role', 'root', 'root');
      await etcdctl([], 'auth', 'enable');
    }
    const login = options.auth === undefined ? [] : ['--user', `root:${options.auth.rootPassword}`];
    return {
      members,
      spares: planned.slice(members.length),
      ...(certs !== undefined && { certs }),
      endpoints: members.map((member) => member.endpoint),
      peerProxies,
      folder,
      binaries,
      etcdctl: (...args) => etcdctl(login, ...args),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const planMembers = async (
  options: ClusterOptions,
  binaries: EtcdBinaries,
  folder: string,
  certs: Certificates | undefined,
): Promise<{ readonly members: readonly RealMember[]; readonly peerProxies: readonly TcpProxy[] }> => {
  const scheme = certs === undefined ? 'http' : 'https';
  const places = await Promise.all(
    Array.from({ length: (options.members ?? 1) + (options.spares ?? 0) }, async (_, index) => {
      const peerPort = await freePort();
      const proxy = options.peerProxies === true ? await startTcpProxy(peerPort) : undefined;
      return {
        name: `m${index + 1}`,
        endpoint: `${scheme}://127.0.0.1:${await freePort()}`,
        peerListenUrl: `${scheme}://127.0.0.1:${peerPort}`,
        peerUrl: `${scheme}://127.0.0.1:${proxy?.port ?? peerPort}`,
        metricsUrl: `http://127.0.0.1:${await freePort()}/metrics`,
        proxy,
      };
    }),
  );
  const initialCluster = places
    .slice(0, options.members ?? 1)
    .map((place) => `${place.name}=${place.peerUrl}`)
    .join(',');
  const members = places.map(({ proxy: _, peerListenUrl, ...place }) => {
    const dataDir = join(options.dataFolder ?? folder, place.name, 'data');
    return new RealMember({
      ...place,
      dataDir,
      logFile: join(folder, `${place.name}.log`),
      etcd: binaries.etcd,
      args: [
        ...['--name', place.name, '--data-dir', dataDir],
        ...['--listen-client-urls', place.endpoint, '--advertise-client-urls', place.endpoint],
        ...['--listen-peer-urls', peerListenUrl, '--initial-advertise-peer-urls', place.peerUrl],
        ...['--listen-metrics-urls', new URL(place.metricsUrl).origin],
        ...['--initial-cluster', initialCluster, '--initial-cluster-state', 'new'],
        ...['--initial-cluster-token', folder, '--logger', 'zap', '--log-outputs', 'stderr'],
        ...(options.quotaBytes === undefined ? [] : ['--quota-backend-bytes', String(options.quotaBytes)]),
        ...(certs === undefined ? [] : tlsArgs(certs)),
        ...(options.extraArgs ?? []),
      ],
    });
  });
  return { members, peerProxies: places.flatMap(({ proxy }) => proxy ?? []) };
};

const tlsArgs = (certs: Certificates): string[] => [
  ...['--cert-file', certs.serverCert, '--key-file', certs.serverKey],
  ...['--client-cert-auth', '--trusted-ca-file', certs.ca],
  ...['--peer-cert-file', certs.peerCert, '--peer-key-file', certs.peerKey],
  ...['--peer-client-cert-auth', '--peer-trusted-ca-file', certs.ca],
];

/** On a busy machine etcdctl's own 2 s and 5 s may be too short; what is in the arguments themselves comes after it and counts. */
const patient = ['--dial-timeout=20s', '--command-timeout=20s'];

const controller =
  (members: readonly RealMember[], binaries: EtcdBinaries, certs: Certificates | undefined) =>
  async (login: readonly string[], ...args: readonly string[]): Promise<string> => {
    const endpoints = args.some((arg) => arg.startsWith('--endpoints'))
      ? []
      : ['--endpoints', members.map((member) => member.endpoint).join(',')];
    const tls = certs === undefined ? [] : ['--cacert', certs.ca, '--cert', certs.cert, '--key', certs.key];
    // A snapshot has no limit unless it is given one.
    const limits = args[0] === 'snapshot' ? [] : patient;
    const { stdout } = await run(binaries.etcdctl, [...limits, ...endpoints, ...tls, ...login, ...args], {
      env: { ...process.env, ETCDCTL_API: '3' },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  };

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../abort/linked-abort.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { EtcdBinaries } from '../../distribution/find-binaries.ts';
import { EtcdError } from '../../etcd/errors.ts';
import { MemberClient } from '../../etcd/member-client.ts';
import { TxnPipe } from '../../etcd/pipe/txn-pipe.ts';
import type { TlsFiles } from '../../etcd/types.ts';
import { GuardedProcess } from './guarded-process.ts';
import { makeOwnedFolder, SCRATCH_FOLDER, sweepOwnedFolders } from './owned-folder.ts';
import { knowsFlag, makeDataDir, toolEnvironment } from './restorer.ts';
import { ScratchLeases } from './scratch-leases.ts';
import { runtimeSettings } from './scratch-runtime.ts';
import { throwawayRootCertificate } from './throwaway-certificate.ts';

export interface ScratchOptions {
  readonly binaries: EtcdBinaries;
  /** A snapshot with etcd's own hash at its end. */
  readonly snapshotFile: string;
  /** Where its data goes, on a disk with room for the database and what is replayed; made here, and removed by `close`. */
  readonly folder: string;
  /** The process's niceness is raised to this, 0 to 19; default 0. */
  readonly niceness?: number;
  /** The snapshot's hash has been checked, so the tool need not. */
  readonly hashChecked?: boolean;
}

/** A scratch etcd on what a member of a cluster that is gone has left. */
export interface SurvivorOptions extends Pick<ScratchOptions, 'binaries' | 'niceness'> {
  /** Holds a copy of the member's data dir as `data`, with the WAL in it: it is changed, and removed by `close`. */
  readonly folder: string;
}

/** So that nothing that the original etcd took is refused here, whatever its own limits were. */
const MAX_REQUEST_BYTES = 2_000_000_000;
const MAX_TXN_OPS = 100_000_000;
const CALL_TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 600_000;
const STOP_GRACE_MS = 120_000;
const LOG_TAIL_BYTES = 2000;

/**
 * An etcd for the time of a restore: one member with the content of a snapshot, reachable by nobody but us (Unix sockets in
 * a folder of this user), without fsync where its version can do without, and with all its leases kept alive. It ends with
 * this process, however that ends.
 */
export class ScratchEtcd implements AsyncDisposable {
  readonly client: MemberClient;
  /** For the replay. */
  readonly pipe: TxnPipe;
  readonly leases: ScratchLeases;
  /** At which the snapshot was. */
  readonly startRevision: bigint;
  readonly #parts: Running;

  private constructor(parts: Running, ways: Pick<ScratchEtcd, 'pipe' | 'leases'>, startRevision: bigint) {
    this.#parts = parts;
    this.client = parts.client;
    this.pipe = ways.pipe;
    this.leases = ways.leases;
    this.startRevision = startRevision;
  }

  /** Throws `RESTORE_TOOL_FAILED` where the snapshot cannot be restored, and `SCRATCH_FAILED` with etcd's last words. */
  static async start(options: ScratchOptions, signal: AbortSignal): Promise<ScratchEtcd> {
    const { binaries, snapshotFile, folder, niceness = 0, hashChecked: skipHashCheck = false } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      const dataDir = join(folder, 'data');
      await makeDataDir(binaries, { snapshotFile, dataDir, identity: IDENTITY, skipHashCheck }, signal);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return await ScratchEtcd.#begin({ binaries, folder, niceness, sizedBy: snapshotFile, forced: false }, signal);
  }

  /**
   * Starts on the copy of a survivor's data dir as a cluster of one (`--force-new-cluster`), whose name and members are no matter: it
   * applies its WAL as far as that is committed. Throws `SCRATCH_FAILED` with etcd's last words.
   */
  static async startOnSurvivor(
    { binaries, folder, niceness = 0 }: SurvivorOptions,
    signal: AbortSignal,
  ): Promise<ScratchEtcd> {
    const sizedBy = databaseIn(folder);
    return await ScratchEtcd.#begin({ binaries, folder, niceness, sizedBy, forced: true }, signal);
  }

  static async #begin(options: Launch, signal: AbortSignal): Promise<ScratchEtcd> {
    let running: Running | undefined;
    try {
      running = await launch(options, false, signal);
      if (await asksForUser(running, signal)) {
        await end(running);
        running = await launch(options, true, signal);
        await ready(running, signal);
      }
      const leases = await ScratchLeases.start(running.client, signal);
      const pipe = await TxnPipe.open(running, signal);
      const { header } = await running.client.range({ key: Buffer.from('\0'), limit: 1, keysOnly: true }, signal);
      return new ScratchEtcd(running, { pipe, leases }, header.revision);
    } catch (error) {
      if (running !== undefined) await end(running);
      await rm(options.folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends etcd in good order; gives its database file. The leases are kept until it has ended. */
  async stop(): Promise<string> {
    this.leases.check();
    await this.#parts.process.stop(STOP_GRACE_MS);
    this.leases[Symbol.dispose]();
    this.pipe[Symbol.dispose]();
    await end(this.#parts);
    return databaseIn(this.#parts.folder);
  }

  /** Ends etcd, whatever it does, and removes all that it had. */
  async close(): Promise<void> {
    this.leases[Symbol.dispose]();
    this.pipe[Symbol.dispose]();
    await end(this.#parts);
    await rm(this.#parts.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface Running {
  readonly process: GuardedProcess;
  readonly client: MemberClient;
  readonly folder: string;
  readonly sockets: string;
  readonly socketPath: string;
  readonly tls?: TlsFiles;
}

/** What listens where: etcd takes no paths in the URLs of Unix sockets, so they lie in its working folder. */
const CLIENT_SOCKET = 'client:0';
const PEER_URL = 'unix://peer:0';
const IDENTITY = {
  name: 'scratch',
  initialCluster: `scratch=${PEER_URL}`,
  initialClusterToken: 'scratch',
  initialAdvertisePeerUrls: PEER_URL,
};

interface Launch extends Required<Pick<ScratchOptions, 'binaries' | 'folder' | 'niceness'>> {
  /** A file about as large as the database. */
  readonly sizedBy: string;
  readonly forced: boolean;
}

function databaseIn(folder: string): string {
  return join(folder, 'data', 'member', 'snap', 'db');
}

/**
 * Until its new list is applied, a survivor's copy knows the peers of before and would call them in its member's name: etcd takes these
 * for its peers, though not for loopback. Whoever starts it makes sure that none of them runs.
 */
const NOBODY = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' };

async function launch(options: Launch, withTls: boolean, signal: AbortSignal): Promise<Running> {
  // Not in `folder`: the path of a socket may have about a hundred characters.
  // One that was killed has left the key of its root there.
  await sweepOwnedFolders(tmpdir(), SCRATCH_FOLDER);
  const sockets = await makeOwnedFolder(tmpdir(), SCRATCH_FOLDER);
  try {
    const [cert, key] = [join(sockets, 'root.crt'), join(sockets, 'root.key')];
    if (withTls) {
      const issued = throwawayRootCertificate();
      await writeFile(key, issued.key, { mode: 0o600 });
      await writeFile(cert, issued.cert);
    }
    const scheme = withTls ? 'unixs' : 'unix';
    const command = [
      ...(await etcdCommand(options, `${scheme}://${CLIENT_SOCKET}`, signal)),
      ...(withTls ? ['--cert-file', cert, '--key-file', key, '--client-cert-auth', '--trusted-ca-file', cert] : []),
    ];
    const process = await GuardedProcess.start({
      file: options.binaries.etcd,
      args: command,
      cwd: sockets,
      logFile: join(options.folder, 'etcd.log'),
      env: { ...toolEnvironment(), ...NOBODY, ...(await runtimeSettings(options.sizedBy)) },
      niceness: options.niceness,
    });
    const socketPath = join(sockets, CLIENT_SOCKET);
    const tls = withTls ? { tls: { ca: cert, cert, key } } : {};
    const client = new MemberClient({
      member: 'scratch',
      endpoint: `${scheme}://${socketPath}`,
      ...tls,
      callTimeoutMs: CALL_TIMEOUT_MS,
      maxMessageBytes: MAX_REQUEST_BYTES,
    });
    return { process, client, folder: options.folder, sockets, socketPath, ...tls };
  } catch (error) {
    await rm(sockets, { recursive: true, force: true });
    throw error;
  }
}

async function etcdCommand({ binaries, folder, forced }: Launch, url: string, signal: AbortSignal): Promise<string[]> {
  const canSkipFsync = await knowsFlag(binaries, '--unsafe-no-fsync', signal);
  return [
    ...['--name', IDENTITY.name, '--data-dir', join(folder, 'data')],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', PEER_URL, '--initial-advertise-peer-urls', PEER_URL],
    ...['--initial-cluster', IDENTITY.initialCluster, '--initial-cluster-token', IDENTITY.initialClusterToken],
    // A short election timeout: it leads at once, and does not raise the TTL of leases.
    ...['--heartbeat-interval', '20', '--election-timeout', '200'],
    ...['--max-request-bytes', String(MAX_REQUEST_BYTES), '--max-txn-ops', String(MAX_TXN_OPS)],
    // Negative: none.
    ...['--quota-backend-bytes', '-1', '--snapshot-count', '10000', '--enable-grpc-gateway=false'],
    ...['--logger', 'zap', '--log-outputs', 'stderr', '--log-level', 'error'],
    ...(canSkipFsync ? ['--unsafe-no-fsync'] : []),
    ...(forced ? ['--force-new-cluster'] : []),
  ];
}

/** Waits until it answers; tells whether the store has authentication on. */
async function asksForUser(running: Running, signal: AbortSignal): Promise<boolean> {
  await ready(running, signal);
  try {
    await running.client.range({ key: Buffer.from('\0'), limit: 1, keysOnly: true }, signal);
    return false;
  } catch (error) {
    if (error instanceof EtcdError && (error.code === 'ETCD_AUTH_REQUIRED' || error.code === 'ETCD_AUTH_FAILED'))
      return true;
    throw error;
  }
}

async function ready({ process, client }: Running, signal: AbortSignal): Promise<void> {
  await within([signal], START_TIMEOUT_MS, async (until) => {
    for (;;) {
      try {
        await client.linearizableRead(until);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!process.running || until.aborted) throw failed(await process.lastWords(LOG_TAIL_BYTES), error);
      }
      await sleep(20, undefined, { signal: until }).catch(() => undefined);
    }
  });
}

async function end({ process, client, sockets }: Running): Promise<void> {
  client.close();
  await process.kill();
  await rm(sockets, { recursive: true, force: true });
}

function failed(lastWords: string, cause: unknown): AgentError {
  return new AgentError('SCRATCH_FAILED', `The scratch etcd did not come up; its log ends with: ${lastWords}`, {
    remedy: 'Look whether the disk is full, and whether this etcd is as new as the one that the backup is of.',
    cause,
  });
}

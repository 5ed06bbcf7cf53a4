import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type AgentError, faultOf } from '../cluster/agent-error.ts';
import type { Observation } from '../cluster/observation.ts';
import type { CaretakingPorts } from './caretaking-ports.ts';
import { type Access, type Caller, type Means, refusal } from './http/access.ts';
import { type BearerToken, openTokenFile } from './http/bearer-token.ts';
import { createHandler } from './http/handler.ts';
import { hostOf, isLoopbackAddress } from './http/host-name.ts';
import { type BoundedServer, createBoundedServer } from './http/limits.ts';
import type { Problem } from './http/problem.ts';
import { type ListenAddress, listenOnTcp } from './http/tcp-listener.ts';
import { readTlsFiles, type TlsFiles } from './http/tls-files.ts';
import { followTlsFiles } from './http/tls-reload.ts';
import { listenOnUnixSocket } from './http/unix-socket.ts';
import type { LivePorts } from './live/live-ports.ts';
import type { BackupPointsReply } from './live/words.ts';
import { FaultFolder } from './log/fault-folder.ts';
import { pageFiles } from './page/files.ts';
import type { RecoveryPorts } from './recovery-ports.ts';
import type { MetricsRegistry } from './registry.ts';
import { createRoutes } from './routes.ts';
import { whoIs } from './session.ts';

/** What the server tells its owner as it happens; the owner logs it. */
interface ServerEvents {
  /** A route failed in a way that it did not mean to. */
  readonly onFailure?: (failure: { id: string; method: string; path: string; error: unknown }) => void;
  /** A listener failed while it listens, as when no connection can be accepted; it goes on. Repeated ones are folded. */
  readonly onListenerError?: (where: string, error: unknown) => void;
  /** Changed files were read again (undefined), or could not be used: then the TLS in use stays, and no token is right. */
  readonly onReload?: (what: 'tls' | 'token', error: AgentError | undefined) => void;
}

export interface ServerOptions extends ServerEvents {
  readonly listen: ListenAddress;
  /** Also on a Unix socket, without TLS. */
  readonly socketPath?: string;
  /** Mode of the socket: 0600, the default, or 0660. */
  readonly socketMode?: number;
  /** URL under which others reach this agent: its host is a local name. */
  readonly advertise?: string;
  readonly tls?: TlsFiles;
  /** How often the TLS files are looked at; default 10 s. */
  readonly tlsReloadMs?: number;
  readonly tokenFile?: string;
  /** Whoever shows the token in it may read, and no more. */
  readonly readTokenFile?: string;
  readonly observation: () => Observation;
  readonly registry: MetricsRegistry;
  /** What the API can do besides reading; absent: it says so. */
  readonly caretaking?: CaretakingPorts;
  /** What it can do about a lost quorum; absent: it says so. */
  readonly recovery?: RecoveryPorts;
  /** Where the files of the status page are; default: those of this build. */
  readonly pageFolder?: string;
  /** What can be restored; absent where no store is configured. */
  readonly backupPoints?: () => Promise<BackupPointsReply>;
  /** What is shown live; absent: the routes say so. */
  readonly live?: LivePorts;
  /** How often a stream is kept alive, and its caller looked at again; default 10 s. */
  readonly streamHeartbeatMs?: number;
  /** An observation that is older does not count as one; default 60 s. */
  readonly staleAfterMs?: number;
  /** How long requests under way may take when the server closes; default 2 s. */
  readonly closeGraceMs?: number;
}

/** The HTTP server of one agent. */
export interface HttpServer {
  /** Where it listens really: with port 0 the port that it got. */
  readonly address: ListenAddress;
  readonly socketPath: string | undefined;
  /** Looks at the TLS files now. */
  readonly reload: () => Promise<void>;
  /** Ends it: new connections at once, requests under way after the grace or when the signal is aborted. Never rejects. */
  readonly close: (signal?: AbortSignal) => Promise<void>;
}

/**
 * Starts the server; when it resolves, it answers.
 *
 * It is on `node:http`, not on a framework. Measured with Node 24 on 12 fixed paths with etcd3 loaded and 16 scrapers:
 * fastify 5 took 5 to 12 MB and 80 to 190 ms more and brings 40 packages, and the tail was no better.
 *
 * @throws AgentError `LISTEN_IN_USE` and its kin, `TLS_FILE_UNREADABLE`, `TLS_FILES_INVALID`, `TOKEN_FILE_UNREADABLE` or
 * `TOKEN_TOO_SHORT`; then nothing is left open
 */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { onReload = () => undefined, onFailure = () => undefined, closeGraceMs = 2000 } = options;
  const opened = async (file: string | undefined): Promise<BearerToken | undefined> =>
    file === undefined ? undefined : await openTokenFile(file, (error) => onReload('token', error));
  const [token, readToken] = [await opened(options.tokenFile), await opened(options.readTokenFile)];
  const tls = options.tls === undefined ? undefined : await readTlsFiles(options.tls);
  const means: Means = {
    tokens: token !== undefined,
    readTokens: readToken !== undefined,
    certificates: options.tls?.clientCa !== undefined,
    names: knownNames(options),
  };
  const routes = createRoutes({
    observation: options.observation,
    registry: options.registry,
    staleAfterMs: options.staleAfterMs ?? 60_000,
    nowMs: () => performance.now(),
    page: pageFiles(options.pageFolder),
    ...(options.caretaking === undefined ? {} : { caretaking: options.caretaking }),
    ...(options.backupPoints === undefined ? {} : { backupPoints: options.backupPoints }),
    ...(options.recovery === undefined ? {} : { recovery: options.recovery }),
    ...(options.live === undefined ? {} : { live: options.live }),
  });
  const closing = new AbortController();
  const handlerOf = (overUnixSocket: boolean): ReturnType<typeof createHandler> =>
    createHandler({
      routes,
      onFailure,
      streams: { closing: closing.signal, heartbeatMs: options.streamHeartbeatMs ?? 10_000 },
      callerOf,
      whoIs: async (request) =>
        whoIs(await shownBy(request, { means, token, readToken, overUnixSocket }), means, callerOf(request)),
      authorize: (request, access) => authorize(request, access, { means, token, readToken, overUnixSocket }),
    });

  const tcp = createBoundedServer(handlerOf(false), tls?.options);
  const unix = options.socketPath === undefined ? undefined : createBoundedServer(handlerOf(true));
  const servers = unix === undefined ? [tcp] : [tcp, unix];
  const { host, port } = options.listen;
  surviveErrors(tcp, `${host}:${port}`, options);
  if (unix !== undefined) {
    surviveErrors(unix, options.socketPath ?? '', options);
  }
  let address: ListenAddress;
  try {
    address = await listenOnTcp(tcp.server, options.listen);
    if (unix !== undefined && options.socketPath !== undefined) {
      await listenOnUnixSocket(unix.server, options.socketPath, options.socketMode ?? 0o600);
    }
  } catch (error) {
    await closeAll(servers, 0);
    throw error;
  }
  const follower = followTlsFiles({
    server: tcp.server,
    files: options.tls,
    inUse: tls,
    everyMs: options.tlsReloadMs ?? 10_000,
    onReload: (error) => onReload('tls', error),
  });
  return {
    address,
    socketPath: options.socketPath,
    reload: follower.look,
    close: async (signal) => {
      follower.stop();
      closing.abort();
      await closeAll(servers, closeGraceMs, signal);
    },
  };
}

/** How often a lasting failure of one listener is told. */
const foldPeriodMs = 300_000;

/**
 * Without a listener of its own an error event ends the process. What goes wrong before the server listens is thrown
 * where it is made to.
 */
function surviveErrors({ server }: BoundedServer, where: string, { onListenerError }: ServerEvents): void {
  const folder = new FaultFolder(foldPeriodMs, () => performance.now());
  server.on('error', (error) => {
    if (server.listening && folder.failed({ collector: where }, faultOf(error)) !== undefined) {
      onListenerError?.(where, error);
    }
  });
}

interface Guard {
  readonly means: Means;
  readonly token: BearerToken | undefined;
  readonly readToken: BearerToken | undefined;
  readonly overUnixSocket: boolean;
}

async function authorize(request: IncomingMessage, access: Access, guard: Guard): Promise<Problem | undefined> {
  if (access === 'open') {
    return undefined;
  }
  return refusal(access, await shownBy(request, guard), guard.means);
}

/** What a request shows of who sends it. */
async function shownBy({ headers, socket }: IncomingMessage, guard: Guard): Promise<Caller> {
  return {
    overUnixSocket: guard.overUnixSocket,
    overLoopback: isLoopbackAddress(socket.remoteAddress) && isLoopbackAddress(socket.localAddress),
    forwarded: ['forwarded', 'x-forwarded-for', 'via'].some((name) => headers[name] !== undefined),
    ...(headers.host === undefined ? {} : { hostHeader: headers.host }),
    token: await tokenOf(headers.authorization, guard),
    certificate: certificateOf(socket),
  };
}

function callerOf({ socket }: IncomingMessage): string {
  return certificateName(socket) ?? 'token';
}

async function tokenOf(authorization: string | undefined, { token, readToken }: Guard): Promise<Caller['token']> {
  const worth = (await token?.check(authorization)) ?? 'none';
  if (worth === 'right') return worth;
  const reads = (await readToken?.check(authorization)) ?? 'none';
  return reads === 'right' ? 'reads' : reads === 'wrong' ? reads : worth;
}

function certificateOf(socket: IncomingMessage['socket']): 'none' | 'wrong' | 'right' {
  if (!(socket instanceof TLSSocket)) {
    return 'none';
  }
  if (socket.authorized) {
    return 'right';
  }
  return Object.keys(socket.getPeerCertificate()).length === 0 ? 'none' : 'wrong';
}

/** Whom the client's certificate names, where it leads to the configured CA. */
function certificateName(socket: IncomingMessage['socket']): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    return undefined;
  }
  // `CN` is a list where a subject has several.
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return `certificate ${[name].flat().join(' ') || 'without a name'}`;
}

function knownNames({ advertise, listen }: ServerOptions): readonly string[] {
  const advertised = advertise === undefined ? undefined : hostOf(new URL(advertise).host);
  return [listen.host.toLowerCase(), ...(advertised === undefined ? [] : [advertised])];
}

async function closeAll(servers: readonly BoundedServer[], graceMs: number, signal?: AbortSignal): Promise<void> {
  const closed = Promise.all(servers.map(closeOne));
  const over = Promise.withResolvers<void>();
  const timeout = setTimeout(over.resolve, graceMs);
  const onAbort = (): void => over.resolve();
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) {
    over.resolve();
  }
  await Promise.race([closed, over.promise]);
  clearTimeout(timeout);
  signal?.removeEventListener('abort', onAbort);
  for (const { sockets } of servers) {
    for (const socket of sockets) {
      socket.destroy();
    }
  }
  await closed;
}

async function closeOne({ server }: BoundedServer): Promise<void> {
  if (!server.listening) {
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  await promise;
}

import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whoever is no machine of the cluster: the clients of the load, and the test itself. */
const OUTSIDE = 'outside';

/** Who a process is of. */
export type Owners = () => readonly { readonly pid: number; readonly member: string }[];

interface Connection {
  readonly from: string;
  readonly to: string;
  readonly near: Socket;
  readonly far: Socket | undefined;
  /** Something was lost of it: it can only be ended, since TCP never leaves a hole. */
  torn: boolean;
}

/**
 * The network between the machines of a cluster that really runs on one: every port of a member is reached through here, and who
 * connects is known by the process that has the other end of the socket. So what goes from one machine to another can be lost
 * or slow in one direction, for etcd and agents alike.
 */
export class Links implements AsyncDisposable {
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<Connection>();
  /** `from>to`. */
  readonly #lost = new Set<string>();
  readonly #delayMs = new Map<string, number>();
  #owners: Owners = () => [];
  #known: ReturnType<Owners> = [];

  /** @param owners asked again when a process connects that is not known yet */
  knowing(owners: Owners): void {
    this.#owners = owners;
  }

  /** A port that leads to a port of a member. */
  async route(member: string, port: number): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near, member, port));
    this.#servers.add(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** From now on nothing gets from one machine to the other. */
  lose(from: string, to: string): void {
    this.#lost.add(`${from}>${to}`);
  }

  /** Everything from one machine to the other takes so much longer. */
  delay(from: string, to: string, delayMs: number): void {
    this.#delayMs.set(`${from}>${to}`, delayMs);
  }

  /** Everything is as it should be again. */
  heal(): void {
    this.#lost.clear();
    this.#delayMs.clear();
    for (const connection of this.#connections) if (connection.torn) reset(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [...this.#servers].map(async (server) => {
      server.close();
      await once(server, 'close');
    });
    for (const connection of this.#connections) reset(connection);
    await Promise.all(closed);
  }

  #accept(near: Socket, to: string, port: number): void {
    near.on('error', () => near.destroy());
    const from = this.#ownerOf(near);
    if (from !== to && (this.#isLost(from, to) || this.#isLost(to, from))) {
      // No handshake gets through: it waits, and is told so when the link is back.
      this.#keep({ from, to, near, far: undefined, torn: true });
      return;
    }
    const far = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
    far.on('error', () => far.destroy());
    const connection = { from, to, near, far, torn: false };
    this.#keep(connection);
    this.#carry(connection, near, far, `${from}>${to}`);
    this.#carry(connection, far, near, `${to}>${from}`);
  }

  #keep(connection: Connection): void {
    this.#connections.add(connection);
    connection.near.once('close', () => this.#connections.delete(connection));
  }

  #isLost(from: string, to: string): boolean {
    return this.#lost.has(`${from}>${to}`);
  }

  #carry(connection: Connection, source: Socket, sink: Socket, way: string): void {
    // One chain for each way keeps the order of the pieces, whatever the delay becomes meanwhile.
    let before: Promise<void> | undefined;
    const deliver = (send: () => void): void => {
      if (connection.from !== connection.to && this.#lost.has(way)) connection.torn = true;
      if (!connection.torn && !sink.destroyed) send();
    };
    const queue = (send: () => void): void => {
      const delayMs = connection.from === connection.to ? 0 : (this.#delayMs.get(way) ?? 0);
      if (delayMs === 0 && before === undefined) {
        deliver(send);
        return;
      }
      const notBeforeMs = performance.now() + delayMs;
      const turn = (before ?? Promise.resolve()).then(async () => {
        await sleep(Math.max(0, notBeforeMs - performance.now()));
        deliver(send);
        if (before === turn) before = undefined;
      });
      before = turn;
    };
    source.on('data', (piece) => queue(() => sink.write(piece)));
    source.on('end', () => queue(() => sink.end()));
    source.on('close', () => queue(() => sink.destroy()));
  }

  /** Whose process has the other end of a connection that was made to here. */
  #ownerOf({ remotePort, localPort }: Socket): string {
    const inode = inodeOf(remotePort ?? 0, localPort ?? 0);
    if (inode === undefined) return OUTSIDE;
    if (holds(process.pid, inode)) return OUTSIDE;
    const found = this.#known.find(({ pid }) => holds(pid, inode));
    if (found !== undefined) return found.member;
    this.#known = this.#owners();
    return this.#known.find(({ pid }) => holds(pid, inode))?.member ?? OUTSIDE;
  }
}

function reset({ near, far }: Connection): void {
  near.resetAndDestroy();
  far?.resetAndDestroy();
}

/** Of the socket of this machine with these ports; undefined where it is closed already. */
function inodeOf(localPort: number, remotePort: number): string | undefined {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${hex(localPort)}`) && remote?.endsWith(`:${hex(remotePort)}`)) return inode;
  }
  return undefined;
}

function holds(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((name) => linkOf(`/proc/${pid}/fd/${name}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

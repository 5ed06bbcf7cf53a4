import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whoever is no machine of the cluster: the clients of the load, and the test itself. */
const OUTSIDE = 'outside';

/** Who a process is of. */
export type Owners = () => readonly { readonly pid: number; readonly member: string }[];

interface Connection {
  /** Found out when it first matters: undefined before. */
  from: string | undefined;
  readonly to: string;
  readonly near: Socket;
  far: Socket | undefined;
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
  readonly #clockMs = new Map<string, number>();
  #owners: Owners = () => [];
  #known: ReturnType<Owners> = [];

  /** @param owners asked whenever it has to be known who connects: a link is cut, or somebody connects while one is */
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
    this.#identify();
  }

  /** Everything from one machine to the other takes so much longer. */
  delay(from: string, to: string, delayMs: number): void {
    this.#delayMs.set(`${from}>${to}`, delayMs);
    this.#identify();
  }

  /** What the clock of a machine says to others is so far ahead, and what theirs say to it so far behind: in the answers of etcd's probes. */
  shiftClock(member: string, aheadMs: number): void {
    this.#clockMs.set(member, aheadMs);
    this.#identify();
  }

  /** Everything is as it should be again. */
  heal(): void {
    this.#lost.clear();
    this.#delayMs.clear();
    this.#clockMs.clear();
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
    const connection: Connection = { from: undefined, to, near, far: undefined, torn: false };
    this.#connections.add(connection);
    near.once('close', () => this.#connections.delete(connection));
    if (this.#lost.size + this.#delayMs.size + this.#clockMs.size > 0) this.#identify();
    const { from } = connection;
    if (from !== undefined && (this.#isLost(from, to) || this.#isLost(to, from))) {
      // No handshake gets through: it waits, and is told so when the link is back.
      connection.torn = true;
      return;
    }
    const far = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
    far.on('error', () => far.destroy());
    connection.far = far;
    this.#carry(connection, near, far, 'to');
    this.#carry(connection, far, near, 'from');
  }

  #isLost(from: string, to: string): boolean {
    return from !== to && this.#lost.has(`${from}>${to}`);
  }

  /** Between whom a piece of a connection travels; undefined as long as nobody has to know. */
  #wayOf({ from, to }: Connection, direction: 'to' | 'from'): readonly [string, string] | undefined {
    if (from === undefined) return undefined;
    return direction === 'to' ? [from, to] : [to, from];
  }

  #delayOf(connection: Connection, direction: 'to' | 'from'): number {
    const [from, to] = this.#wayOf(connection, direction) ?? [];
    return from === to ? 0 : (this.#delayMs.get(`${from}>${to}`) ?? 0);
  }

  #carry(connection: Connection, source: Socket, sink: Socket, direction: 'to' | 'from'): void {
    // One chain for each way keeps the order of the pieces, whatever the delay becomes meanwhile.
    let before: Promise<void> | undefined;
    const deliver = (send: () => void): void => {
      const way = this.#wayOf(connection, direction);
      if (way !== undefined && this.#isLost(...way)) connection.torn = true;
      if (!connection.torn && !sink.destroyed) send();
    };
    const queue = (send: () => void): void => {
      const delayMs = this.#delayOf(connection, direction);
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
    source.on('data', (piece) => queue(() => sink.write(direction === 'to' ? piece : this.#asTold(connection, piece))));
    source.on('end', () => queue(() => sink.end()));
    source.on('close', () => queue(() => sink.destroy()));
  }

  /** An answer with the time in it moved, where a clock is off; of the same length, since its length stands before it. */
  #asTold({ from, to }: Connection, piece: Buffer): Buffer {
    const aheadMs = (this.#clockMs.get(to) ?? 0) - (this.#clockMs.get(from ?? '') ?? 0);
    if (aheadMs === 0 || from === to) return piece;
    const moved = piece
      .toString('latin1')
      .replace(
        /"Now":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)/g,
        (_, time: string) => `"Now":"${new Date(Date.parse(`${time}Z`) + aheadMs).toISOString().slice(0, 19)}`,
      );
    return Buffer.from(moved, 'latin1');
  }

  /** Finds out whose processes have the other ends of all connections of which that is not known. */
  #identify(): void {
    const unknown = [...this.#connections].filter(({ from }) => from === undefined);
    if (unknown.length === 0) return;
    const inodes = inodesByPorts();
    const inodeOf = ({ near: { remotePort, localPort } }: Connection): string =>
      inodes.get(`${remotePort} ${localPort}`) ?? '';
    let owners = ownersOf(this.#known);
    // To list the processes costs more than to look at those that are known; who connects anew is mostly one of them.
    if (unknown.some((connection) => !owners.has(inodeOf(connection)))) {
      this.#known = [{ pid: process.pid, member: OUTSIDE }, ...this.#owners()];
      owners = ownersOf(this.#known);
    }
    for (const connection of unknown) {
      connection.from = owners.get(inodeOf(connection)) ?? OUTSIDE;
    }
  }
}

function reset({ near, far }: Connection): void {
  near.resetAndDestroy();
  far?.resetAndDestroy();
}

/** Of all sockets of this machine, by their own port and that of the other end. */
function inodesByPorts(): ReadonlyMap<string, string> {
  const port = (address = ''): number => Number.parseInt(address.split(':')[1] ?? '', 16);
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  return new Map(
    lines.map((line) => {
      const [, local, remote, , , , , , , inode = ''] = line.trim().split(/\s+/);
      return [`${port(local)} ${port(remote)}`, inode];
    }),
  );
}

function ownersOf(known: ReturnType<Owners>): ReadonlyMap<string, string> {
  return new Map(known.flatMap(({ pid, member }) => socketsOf(pid).map((inode) => [inode, member] as const)));
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => /^socket:\[(\d+)\]$/.exec(linkOf(pid, name))?.[1] ?? []);
  } catch {
    return [];
  }
}

function linkOf(pid: number, descriptor: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return '';
  }
}

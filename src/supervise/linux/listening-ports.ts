import { readProc } from './process-table.ts';

/** State of a socket that listens (proc_net(5)). */
const listenState = '0A';

/**
 * The sockets that listen on one of these TCP ports, whichever the address, as `openFiles` names them. Of the network
 * namespace of this process.
 */
export async function listeningSockets(ports: readonly number[]): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(['net/tcp', 'net/tcp6'].map((table) => readProc(table)));
  const sockets = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === listenState && ports.includes(portOf(local)))
    .map((fields) => `socket:[${fields[9]}]`);
  return new Set(sockets);
}

/** The port of `0100007F:1F90`. */
function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

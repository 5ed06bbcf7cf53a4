import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State of a socket that listens (proc_net(5)). */
const listenState = '0A';

/**
 * Whether the process is the one that listens on 127.0.0.1 at `port`. An answer from there does not say so: another demo
 * that was started at the same moment may have been faster.
 */
export function listens(pid: number | undefined, port: number): boolean {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  try {
    const inodes = readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, address, , state]) => address === local && state === listenState)
      .map((fields) => `socket:[${fields[9]}]`);
    return inodes.length > 0 && readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.includes(target(pid, fd)));
  } catch {
    return false;
  }
}

function target(pid: number | undefined, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
}

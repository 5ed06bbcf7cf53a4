/** A TCP socket that listens, as `/proc/net/tcp` or `tcp6` has it. */
export interface ListeningSocket {
  /** `127.0.0.1`, `::1`, or `0.0.0.0` and `::` for every address. IPv6 in full groups without leading zeros. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

const LISTEN = '0A';

/** The listening sockets of a `tcp` or `tcp6` table (proc_net(5)). Lines that do not parse are left out. */
export function parseListeningSockets(text: string): readonly ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (const line of text.split('\n')) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== LISTEN || local === undefined || inode === undefined) continue;
    const [hexAddress, hexPort] = local.split(':');
    const address = parseAddress(hexAddress ?? '');
    if (address === undefined || hexPort === undefined) continue;
    sockets.push({ address, port: Number.parseInt(hexPort, 16), inode });
  }
  return sockets;
}

/** Whether a socket serves a host and port. A host that is a name may stand for any address. */
export function listensAt(socket: ListeningSocket, host: string, port: number): boolean {
  if (socket.port !== port) return false;
  if (socket.address === '0.0.0.0' || socket.address === '::') return true;
  const wanted = canonical(host.replace(/^\[|\]$/g, ''));
  return wanted === undefined || wanted === socket.address;
}

/** The kernel prints each 32-bit word in the machine's byte order, which is little-endian wherever etcd runs. */
function parseAddress(hex: string): string | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return undefined;
  const bytes = hex.match(/.{8}/g)?.flatMap((word) => [...Buffer.from(word, 'hex').reverse()]) ?? [];
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
  if (mapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  return canonical(groups.map((group) => group.toString(16)).join(':'));
}

/** An IP address in the one form that is compared; undefined for a name. */
function canonical(host: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return host;
  if (!host.includes(':') || !URL.canParse(`http://[${host}]/`)) return undefined;
  return new URL(`http://[${host}]/`).hostname.slice(1, -1);
}

import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DemoOptions } from './options.ts';

/** Names, addresses and places of one member of the demo and of its agent. */
export interface MemberLayout {
  readonly name: string;
  /** Client URL. */
  readonly endpoint: string;
  readonly peerUrl: string;
  readonly agentUrl: string;
  /** The ports of the three, in this order. */
  readonly ports: readonly [client: number, peer: number, agent: number];
  /** Holds data, configuration and logs of this member. */
  readonly folder: string;
  readonly dataDir: string;
  /** What the agent remembers of its member. */
  readonly stateDir: string;
  readonly etcdLog: string;
  readonly agentLog: string;
  readonly agentConfig: string;
  /** Unix socket of the agent. */
  readonly agentSocket: string;
}

/** Where everything of a demo is. */
export interface DemoLayout {
  readonly folder: string;
  readonly members: readonly MemberLayout[];
  /** Holds the API token of all agents. */
  readonly tokenFile: string;
  /** The file that tells others what runs where. */
  readonly demoFile: string;
  /** The backup store, as a URL. */
  readonly store: string;
}

/** The longest path of a Unix socket on Linux, without the closing zero. */
const socketPathBytes = 107;

/** Lays out a demo in `folder`, an absolute path. */
export function layOut(folder: string, options: Pick<DemoOptions, 'members' | 'basePort'>): DemoLayout {
  return {
    folder,
    members: Array.from({ length: options.members }, (_, index) => layOutMember(folder, options.basePort, index)),
    tokenFile: join(folder, 'token'),
    demoFile: join(folder, 'demo.json'),
    store: pathToFileURL(join(folder, 'backups')).href,
  };
}

function layOutMember(demoFolder: string, basePort: number, index: number): MemberLayout {
  const name = `m${index + 1}`;
  const folder = join(demoFolder, name);
  const client = basePort + 10 * index;
  return {
    name,
    endpoint: `http://127.0.0.1:${client}`,
    peerUrl: `http://127.0.0.1:${client + 1}`,
    agentUrl: `http://127.0.0.1:${client + 2}`,
    ports: [client, client + 1, client + 2],
    folder,
    dataDir: join(folder, 'data'),
    stateDir: join(folder, 'state'),
    etcdLog: join(folder, 'etcd.log'),
    agentLog: join(folder, 'agent.log'),
    agentConfig: join(folder, 'agent.yaml'),
    agentSocket: socketOf(folder),
  };
}

/** In the member's folder; where that path is too long for a socket, in the temporary folder under a name of its own. */
function socketOf(folder: string): string {
  const beside = join(folder, 'agent.sock');
  if (Buffer.byteLength(beside) <= socketPathBytes) {
    return beside;
  }
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `etcd-caretaker-demo-${name}.sock`);
}

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseSizeBytes } from '../../../src/config/size.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { DiagnosisReply } from '../../../src/expose/diagnosis.ts';
import { Links } from '../../chaos/heal/links.ts';
import { TendedCluster, type TendedMember } from '../../healing/tended-cluster.ts';
import { askOverSocket } from '../../healing/tended-member.ts';
import { mountSmallFilesystem, type SmallFilesystem } from '../../real/small-filesystem.ts';
import { fillMember } from '../backup/filled-member.ts';
import { NumberedWrites } from '../heal/numbered-writes.ts';

const entry = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/** Two segments of the WAL of 64 MiB, the database, and a little more. */
const smallDiskBytes = 400 * 2 ** 20;
const startMs = 180_000;
const everyMs = 1000;

/** As the agents come, but that nothing is replaced or tidied up while a fault is looked at. */
const settings = {
  'observe.interval': '10s',
  'observe.deadline': '5s',
  'heal.replaceAfter': '1h',
  'maintenance.compaction.mode': 'plan',
  'maintenance.defrag.mode': 'plan',
  'maintenance.moveLeader.mode': 'plan',
  'maintenance.nospace.mode': 'plan',
};

export interface GroundOptions {
  /**
   * Between the machines there is a network that can be cut, all of it through this process: which looks up who connects while a
   * fault is on, so that no round trip is to be measured over it.
   */
  readonly links?: boolean;
  /** The others reach the peer port of each member through a proxy of its own, which can be slowed down. */
  readonly peerProxies?: boolean;
  /** The data of `m3` lie on a small file system of its own. */
  readonly smallDisk?: boolean;
  /** What is in the database at first; default 20 MiB. */
  readonly fill?: string;
  /** Further flags of etcd. */
  readonly args?: readonly string[];
  /** Further configuration of the agents. */
  readonly set?: Readonly<Record<string, string>>;
  /** Before anything is started. */
  readonly before?: (cluster: TendedCluster) => void;
}

/** What one agent says: its verdicts, the one to read first first. */
export type Said = DiagnosisReply['causes'];

/** Three members with an agent beside each, some data, and 50 small writes a second. Whoever starts it closes it. */
export class DiagnoseGround implements AsyncDisposable {
  readonly cluster: TendedCluster;
  readonly links: Links;
  readonly smallDisk: SmallFilesystem | undefined;
  readonly #writes: NumberedWrites;

  private constructor(cluster: TendedCluster, links: Links, smallDisk: SmallFilesystem | undefined) {
    this.cluster = cluster;
    this.links = links;
    this.smallDisk = smallDisk;
    this.#writes = new NumberedWrites(
      cluster.members.map(({ endpoint }) => endpoint),
      50,
    );
  }

  static async start(options: GroundOptions = {}): Promise<DiagnoseGround> {
    const links = new Links();
    const small = options.smallDisk === true ? mountSmallFilesystem(smallDiskBytes) : undefined;
    const cluster = await TendedCluster.prepare({
      version: '3.5',
      main: entry,
      peerProxies: options.peerProxies === true,
      ...(options.links === true ? { route: (member: string, port: number) => links.route(member, port) } : {}),
      ...(small === undefined ? {} : { dataParents: { m3: small.path } }),
      set: { ...settings, ...options.set },
      args: options.args ?? [],
    });
    links.knowing(() => cluster.processes());
    try {
      options.before?.(cluster);
      for (const member of cluster.members) member.startAgent();
      await cluster.untilWell(undefined, startMs);
      await filled(cluster.members, options.fill ?? '20MiB');
      return new DiagnoseGround(cluster, links, small);
    } catch (error) {
      await cluster.close();
      await links[Symbol.asyncDispose]();
      await small?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writes.end();
    await this.cluster.close();
    await this.links[Symbol.asyncDispose]();
    await this.smallDisk?.[Symbol.asyncDispose]();
  }

  /** What each agent says now, by the name of its member; one that does not answer, or knows too little, is left out. */
  async said(): Promise<ReadonlyMap<string, Said>> {
    const all = await Promise.all(this.cluster.members.map(async (each) => [each.name, await saidBy(each)] as const));
    return new Map(all.flatMap(([name, causes]) => (causes === undefined ? [] : [[name, causes] as const])));
  }

  /** Waits until every agent answers and names nothing; gives what is still named after so long. */
  async untilCalm(patienceMs: number): Promise<string | undefined> {
    const endMs = performance.now() + patienceMs;
    for (;;) {
      const said = await this.said();
      const named = [...said].flatMap(([name, causes]) => causes.map((each) => `${name}: ${nameOf(each)}`));
      if (said.size === this.cluster.members.length && named.length === 0) return undefined;
      if (performance.now() > endMs) return named.join(', ') || 'an agent does not answer';
      await sleep(everyMs);
    }
  }
}

/** A verdict with the member that it names. */
export function nameOf({ verdict, member }: Said[number]): string {
  return member === undefined ? verdict : `${verdict} of ${member}`;
}

async function saidBy({ folder }: TendedMember): Promise<Said | undefined> {
  const reply = await askOverSocket(join(folder, 'agent.sock'), '/api/v1/diagnosis').catch(() => undefined);
  return (reply as Partial<DiagnosisReply> | undefined)?.causes;
}

async function filled(members: readonly TendedMember[], text: string): Promise<void> {
  const size = parseSizeBytes(text);
  if ('problem' in size) throw new Error(`${text}: ${size.problem}`);
  const client = new MemberClient({ member: 'fill', endpoint: members[0]?.endpoint ?? '', callTimeoutMs: 60_000 });
  try {
    await fillMember(client, size.value);
  } finally {
    client.close();
  }
}

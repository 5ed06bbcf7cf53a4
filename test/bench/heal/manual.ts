import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, type RealMember, startCluster } from '../../real/cluster.ts';
import { fillMember } from '../backup/filled-member.ts';
import { NumberedWrites } from './numbered-writes.ts';
import type { HealPlan, Measured } from './plan.ts';

const run = promisify(execFile);
const FILL_TIMEOUT_MS = 60_000;
const RETRY_MS = 500;
const RETRIES = 120;

/**
 * The recipes of etcd's own documentation, as a script that knows at once what has happened: what they take without the time in
 * which somebody is called, and looks.
 */
export class ManualGround implements AsyncDisposable {
  readonly cluster: RealCluster;
  readonly writes: NumberedWrites;
  readonly #snapshot: string;

  private constructor(cluster: RealCluster, writes: NumberedWrites) {
    this.cluster = cluster;
    this.writes = writes;
    this.#snapshot = join(cluster.folder, 'manual.db');
  }

  static async start({ version, databaseBytes, writesPerSecond }: HealPlan): Promise<ManualGround> {
    const cluster = await startCluster({ members: 3, version });
    const client = new MemberClient({
      member: 'fill',
      endpoint: cluster.endpoints[0] ?? '',
      callTimeoutMs: FILL_TIMEOUT_MS,
    });
    try {
      await fillMember(client, databaseBytes);
    } finally {
      client.close();
    }
    const ground = new ManualGround(cluster, new NumberedWrites(cluster.endpoints, writesPerSecond));
    await cluster.etcdctl(`--endpoints=${cluster.endpoints[0]}`, 'snapshot', 'save', ground.#snapshot);
    await sleep(3000);
    return ground;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writes.end();
    await this.cluster.close();
  }

  /** Its process is started again. */
  async processKilled(turn: number): Promise<Measured> {
    const victim = this.#member(turn);
    await victim.kill();
    return await timed(() => victim.start());
  }

  /** `member remove`, `member add`, and etcd with an empty data dir; the folder is removed before. */
  async dataWiped(turn: number): Promise<Measured> {
    const victim = this.#member(turn);
    await victim.kill();
    await rm(victim.dataDir, { recursive: true, force: true });
    return await timed(() => this.#replaced(victim, this.cluster.members));
  }

  /** All of them are started again. */
  async allIntact(): Promise<Measured> {
    const { members } = this.cluster;
    await Promise.all(members.map((member) => member.kill()));
    return await timed(async () => {
      await Promise.all(members.map((member) => member.start()));
    });
  }

  /** `snapshot restore` on each machine, from a snapshot that was made when the load began, and a start. */
  async allWiped(): Promise<Measured> {
    const { members, binaries } = this.cluster;
    const diedMs = performance.now();
    await Promise.all(members.map((member) => member.kill()));
    for (const { dataDir } of members) await rm(dataDir, { recursive: true, force: true });
    const tool = binaries.etcdutl ?? binaries.etcdctl;
    const initial = clusterFlag(members);
    const { seconds } = await timed(async () => {
      for (const { name, peerUrl, dataDir } of members) {
        const flags = [`--name=${name}`, `--data-dir=${dataDir}`, `--initial-advertise-peer-urls=${peerUrl}`];
        await run(tool, ['snapshot', 'restore', this.#snapshot, ...flags, `--initial-cluster=${initial}`]);
      }
      await Promise.all(members.map((member) => member.start()));
    });
    return await this.#withMissing(seconds, diedMs);
  }

  /** `--force-new-cluster` on the last disk, then both others as after a wipe. Writes go in after the first step. */
  async oneDiskLeft(): Promise<Measured> {
    const [first, second, last] = this.cluster.members;
    if (first === undefined || second === undefined || last === undefined) throw new Error('not three members');
    const diedMs = performance.now();
    await Promise.all(this.cluster.members.map((member) => member.kill()));
    for (const { dataDir } of [first, second]) await rm(dataDir, { recursive: true, force: true });
    const { seconds } = await timed(() => last.start({ moreArgs: ['--force-new-cluster'] }));
    await this.#added(first, [last]);
    await this.#added(second, [last, first]);
    return await this.#withMissing(seconds, diedMs);
  }

  async #withMissing(seconds: number, diedMs: number): Promise<Measured> {
    const client = new MemberClient({ member: 'm3', endpoint: this.cluster.endpoints[2] ?? '' });
    try {
      const { missing, oldestSeconds } = await this.writes.missing(client, diedMs);
      return { seconds, missing, missingSeconds: oldestSeconds };
    } finally {
      client.close();
    }
  }

  #member(turn: number): RealMember {
    const { members } = this.cluster;
    const member = members[turn % members.length];
    if (member === undefined) throw new Error('a cluster without members');
    return member;
  }

  async #replaced(victim: RealMember, all: readonly RealMember[]): Promise<void> {
    const others = all.filter((member) => member !== victim);
    const list = await this.#ctl(others, 'member', 'list', '--write-out=json');
    const { members } = JSON.parse(list.replaceAll(/"ID":(\d+)/g, '"ID":"$1"')) as {
      readonly members: readonly { readonly ID: string; readonly name: string }[];
    };
    const id = members.find(({ name }) => name === victim.name)?.ID;
    if (id === undefined) throw new Error(`${victim.name} is not listed`);
    await this.#ctl(others, 'member', 'remove', BigInt(id).toString(16));
    await this.#added(victim, others);
  }

  async #added(newcomer: RealMember, others: readonly RealMember[]): Promise<void> {
    await this.#ctl(others, 'member', 'add', newcomer.name, `--peer-urls=${newcomer.peerUrl}`);
    const cluster = clusterFlag([...others, newcomer]);
    await newcomer.start({ moreArgs: [`--initial-cluster=${cluster}`, '--initial-cluster-state=existing'] });
  }

  /** Tried again as a person would: etcd refuses changes of the list until its members have been connected for a while. */
  async #ctl(through: readonly RealMember[], ...args: readonly string[]): Promise<string> {
    const endpoints = `--endpoints=${through.map(({ endpoint }) => endpoint).join(',')}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.cluster.etcdctl(endpoints, ...args);
      } catch (error) {
        if (attempt === RETRIES) throw error;
        await sleep(RETRY_MS);
      }
    }
  }
}

function clusterFlag(members: readonly RealMember[]): string {
  return members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
}

async function timed(work: () => Promise<void>): Promise<Measured> {
  const begunMs = performance.now();
  await work();
  return { seconds: (performance.now() - begunMs) / 1000 };
}

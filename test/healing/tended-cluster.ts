import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { Certificates } from '../real/certificates.ts';
import { freePort } from '../real/ports.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';
import {
  askOverSocket,
  type MemberPlan,
  memberOf,
  storeOf,
  type TendedMember,
  type TendedOptions,
  TOKEN,
} from './tended-member.ts';
import { killMarked, markedProcesses } from './tended-processes.ts';

export type { TendedMember } from './tended-member.ts';

const folders = new Set<string>();
const marks = new Set<string>();

process.on('exit', () => {
  for (const mark of marks) killMarked(mark);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A cluster whose etcds are started by the agents beside them. Whoever starts it closes it: nothing is left running. */
export class TendedCluster implements AsyncDisposable {
  readonly folder: string;
  readonly store: string;
  readonly members: readonly TendedMember[];
  readonly #mark: string;
  readonly #certs: Certificates | undefined;

  private constructor(folder: string, mark: string, members: readonly TendedMember[], certs?: Certificates) {
    this.folder = folder;
    this.#mark = mark;
    this.#certs = certs;
    this.members = members;
    this.store = storeOf(folder);
  }

  /** Makes the configurations, and starts the agents. */
  static async start(options: TendedOptions = {}): Promise<TendedCluster> {
    const cluster = await TendedCluster.prepare(options);
    for (const member of cluster.members) member.startAgent();
    return cluster;
  }

  /** Makes the configurations only. */
  static async prepare({ members: count = 3, ...options }: TendedOptions = {}): Promise<TendedCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-tended-'));
    folders.add(folder);
    const mark = `${process.pid}-${folders.size}-${performance.now()}`;
    marks.add(mark);
    const plans = await Promise.all(
      Array.from({ length: count }, async (_, index): Promise<MemberPlan> => {
        const [client, peer, agent] = [await freePort(), await freePort(), await freePort()];
        const proxy = options.peerProxies === true ? await startTcpProxy(peer) : undefined;
        const name = options.nameOf?.(index) ?? `m${index + 1}`;
        const way = options.route ?? (async (_: string, port: number) => port);
        const [clientWay, peerWay, agentWay] = [
          await way(name, client),
          proxy?.port ?? (await way(name, peer)),
          await way(name, agent),
        ];
        return { name, folder: join(folder, name), client, peer, agent, clientWay, peerWay, agentWay, proxy, mark };
      }),
    );
    const members = await Promise.all(plans.map((plan) => memberOf(plan, plans, options)));
    return new TendedCluster(folder, mark, members, options.certs);
  }

  member(name: string): TendedMember {
    const found = this.members.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no member ${name}`);
    return found;
  }

  /** A client of one member; whoever asks for it closes it. */
  client(name = this.members[0]?.name ?? ''): MemberClient {
    const { endpoint } = this.member(name);
    const certs = this.#certs;
    const tls = certs && { ca: certs.ca, cert: certs.cert, key: certs.key };
    return new MemberClient({ member: name, endpoint, callTimeoutMs: 3000, ...(tls === undefined ? {} : { tls }) });
  }

  /** Asks for an operation, as a person does. */
  async request(operation: string, member?: string, to?: string, more: object = {}): Promise<void> {
    const [first] = this.members.filter(({ name }) => name !== member);
    const reply = await fetch(`${first?.agentUrl}/api/v1/operations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ operation, member: member ?? null, to: to ?? null, by: 'a test', ...more }),
    });
    if (reply.status !== 202) throw new Error(`${operation} was not taken: ${await reply.text()}`);
  }

  /** The operation under way, as the first agent sees it. */
  async slot(): Promise<unknown> {
    const body = await askOverSocket(join(this.members[0]?.folder ?? '', 'agent.sock'), '/api/v1/operations');
    return typeof body === 'object' && body !== null ? Reflect.get(body, 'slot') : undefined;
  }

  /** Waits until a store has all that was written before. */
  async untilStored(timeoutMs = 60_000): Promise<void> {
    const client = this.client();
    const { revision } = (await client.range({ key: Buffer.from('any') })).header;
    client.close();
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const seen = await Promise.all(
        this.members.map(({ folder }) =>
          askOverSocket(join(folder, 'agent.sock'), '/api/v1/status').catch(() => undefined),
        ),
      );
      if (seen.some((status) => storedRevision(status) >= revision)) return;
      if (performance.now() > untilMs) throw new Error(`no store has revision ${revision}`);
      await sleep(100);
    }
  }

  /** Waits until each of these members is a healthy voter of a cluster that has so many voters. */
  async untilWell(names: readonly string[] = this.members.map(({ name }) => name), timeoutMs = 90_000): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    let last: unknown;
    for (;;) {
      try {
        await Promise.all(names.map((name) => this.#isWell(name, names.length)));
        return;
      } catch (error) {
        last = error;
      }
      if (performance.now() > untilMs)
        throw new Error(`the cluster did not get well: ${String(last)}\n${this.#logs()}`);
      await sleep(100);
    }
  }

  async #isWell(name: string, voters: number): Promise<void> {
    const client = this.client(name);
    try {
      const { members, linearizable } = await client.memberList();
      if (!linearizable) throw new Error(`no quorum answers through ${name}`);
      const list = members.map((member) => `${member.name || member.id}${member.isLearner ? ' (learner)' : ''}`);
      if (members.length !== voters || members.some(({ isLearner }) => isLearner)) {
        throw new Error(`${name} lists ${list.join(', ')}`);
      }
      const { header } = await client.status();
      if (!members.some((member) => member.id === header.memberId && member.name === name)) {
        throw new Error(`${header.memberId} answers as ${name}, and ${list.join(', ')} are listed`);
      }
    } finally {
      client.close();
    }
  }

  #logs(): string {
    return this.members.map(({ name, agentLog }) => `--- ${name}\n${agentLog().slice(-1500)}`).join('\n');
  }

  /** Its processes, agents and etcds, with the member that each is of. */
  processes(): readonly { readonly pid: number; readonly member: string }[] {
    const found = markedProcesses(this.#mark);
    return this.members.flatMap(({ name, folder, dataDir }) => {
      const words = new Set([`--data-dir=${dataDir}`, join(folder, 'agent.yaml')]);
      return found
        .filter((each) => each.words.some((word) => words.has(word)))
        .map(({ pid }) => ({ pid, member: name }));
    });
  }

  /** @param keep leaves data and logs behind, for somebody to look at */
  async close({ keep = false }: { readonly keep?: boolean } = {}): Promise<void> {
    // Agents first, or they would start etcd again.
    for (let pass = 0; pass < 20 && killMarked(this.#mark) > 0; pass += 1) await sleep(50);
    marks.delete(this.#mark);
    await Promise.all(this.members.map(({ peerProxy }) => peerProxy?.close()));
    if (!keep) await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    folders.delete(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** What the first store has for sure, by the status of the agent that backs up. */
function storedRevision(status: unknown): bigint {
  const text = ['backups', 'stores', '0', 'storedRevision'].reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    status,
  );
  return typeof text === 'string' ? BigInt(text) : -1n;
}

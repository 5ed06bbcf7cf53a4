import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { TendedCluster, type TendedMember } from '../../healing/tended-cluster.ts';
import { fillMember } from '../backup/filled-member.ts';
import { NumberedWrites } from './numbered-writes.ts';
import type { HealPlan } from './plan.ts';

const entry = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const POLL_MS = 20;
/** On a disk that others use too. */
const FILL_TIMEOUT_MS = 60_000;
const PATIENCE_MS = 240_000;

/** A cluster that agents of the built package tend, filled and under load. Whoever starts it disposes of it. */
export class TendedGround implements AsyncDisposable {
  readonly cluster: TendedCluster;
  readonly writes: NumberedWrites;

  private constructor(cluster: TendedCluster, writes: NumberedWrites) {
    this.cluster = cluster;
    this.writes = writes;
  }

  static async start(plan: HealPlan, set: Readonly<Record<string, string>> = {}): Promise<TendedGround> {
    const { version, databaseBytes, writesPerSecond } = plan;
    // As the agents come: a test's own pace is taken back. But for the day's budget, which ten runs in a row would use up.
    const paces = { 'observe.interval': '10s', 'observe.deadline': '5s', 'heal.maxPerDay': '50' };
    const cluster = await TendedCluster.start({ version, main: entry, set: { ...paces, ...set, ...plan.set } });
    try {
      await cluster.untilWell();
      await filled(cluster, databaseBytes);
      const writes = new NumberedWrites(
        cluster.members.map(({ endpoint }) => endpoint),
        writesPerSecond,
      );
      await sleep(3000);
      return new TendedGround(cluster, writes);
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writes.end();
    await this.cluster.close();
  }

  /** The member that is struck in one of several runs. */
  victim(run: number): TendedMember {
    const { members } = this.cluster;
    const member = members[run % members.length];
    if (member === undefined) throw new Error('a cluster without members');
    return member;
  }

  /** Waits until a member serves linearizable reads; gives the monotonic time. */
  async untilServes({ endpoint }: TendedMember): Promise<number> {
    return await untilTrue(`${endpoint} does not serve`, () => serves(endpoint));
  }

  /** Waits until all are voters that serve; gives the monotonic time. */
  async untilVoters(): Promise<number> {
    const { members } = this.cluster;
    return await untilTrue('not all are voters', async () => {
      const all = await Promise.all(members.map(({ endpoint }) => serves(endpoint)));
      return all.every((each) => each) && (await this.#allVoters());
    });
  }

  /** Waits until a write is acknowledged that was made after a time; gives when. */
  async untilWritable(sinceMs: number): Promise<number> {
    await untilTrue('nothing can be written', async () => this.writes.firstAfter(sinceMs) !== undefined);
    return this.writes.firstAfter(sinceMs) ?? Number.NaN;
  }

  /** All is as before, there is a full snapshot in the store, the agents may act, and nothing is under way. */
  async untilCalm(): Promise<void> {
    await this.cluster.untilWell(undefined, PATIENCE_MS);
    await untilTrue('there is no full snapshot', () => hasFull(this.cluster.store));
    await untilTrue('the agents do not come to rest', async () => {
      const all = await Promise.all(this.cluster.members.map(({ agentUrl }) => isAtRest(agentUrl)));
      return all.every((each) => each);
    });
    await sleep(3000);
  }

  async #allVoters(): Promise<boolean> {
    const [first] = this.cluster.members;
    const client = this.cluster.client(first?.name);
    try {
      const { members } = await client.memberList();
      return members.length === this.cluster.members.length && members.every(({ isLearner }) => !isLearner);
    } catch {
      return false;
    } finally {
      client.close();
    }
  }
}

async function filled(cluster: TendedCluster, bytes: number): Promise<void> {
  const [first] = cluster.members;
  const client = new MemberClient({ member: 'fill', endpoint: first?.endpoint ?? '', callTimeoutMs: FILL_TIMEOUT_MS });
  try {
    await fillMember(client, bytes);
  } finally {
    client.close();
  }
}

/** What is still being written has a name that begins with a dot; the manifest comes last. */
async function hasFull(store: string): Promise<boolean> {
  const names = await readdir(fileURLToPath(store), { recursive: true }).catch(() => []);
  return names.some((name) => /\/full\/[^.][^/]*\.json$/.test(name));
}

async function isAtRest(agentUrl: string): Promise<boolean> {
  const reply = await fetch(`${agentUrl}/api/v1/decisions`, { signal: AbortSignal.timeout(2000) }).catch(
    () => undefined,
  );
  const { armed, slot } = ((await reply?.json().catch(() => undefined)) ?? {}) as { armed?: unknown; slot?: unknown };
  return armed !== undefined && slot === undefined;
}

/** Etcd's own health page reads through the quorum; a learner refuses that. */
async function serves(endpoint: string): Promise<boolean> {
  const reply = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
  const text = await reply?.text().catch(() => '');
  return reply?.ok === true && text?.includes('true') === true;
}

async function untilTrue(what: string, isTrue: () => Promise<boolean>): Promise<number> {
  const endMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endMs) {
    if (await isTrue()) return performance.now();
    await sleep(POLL_MS);
  }
  throw new Error(`${what} after ${PATIENCE_MS / 1000} s`);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TendedCluster } from '../../healing/tended-cluster.ts';
import { TOKEN } from '../../healing/tended-member.ts';
import { startWriteLoad } from '../write-load.ts';

const entry = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const WRITES_PER_SECOND = 50;
/** Until an agent has read keyspace and store for the first time, and its code is compiled. */
const WARM_UP_MS = 60_000;

/** A cluster under a light load whose agents are of the built package, at their own pace. Whoever starts it disposes of it. */
export class ShownGround implements AsyncDisposable {
  readonly cluster: TendedCluster;
  readonly #load: { close(): Promise<void> };

  private constructor(cluster: TendedCluster) {
    this.cluster = cluster;
    this.#load = startWriteLoad(cluster.member('m1').endpoint, WRITES_PER_SECOND);
  }

  static async start(): Promise<ShownGround> {
    const set = { 'observe.interval': '10s', 'observe.deadline': '5s' };
    const cluster = await TendedCluster.start({ main: entry, set });
    try {
      await cluster.untilWell();
      const ground = new ShownGround(cluster);
      await sleep(WARM_UP_MS);
      return ground;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Changes something through the API of a member's agent. Throws with what it says where it refuses. */
  async change(member: string, method: 'POST' | 'DELETE', path: string, body: object): Promise<void> {
    const reply = await fetch(`${this.cluster.member(member).agentUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path} was answered with ${reply.status}: ${text}`);
  }

  /** What an agent answers to a read. */
  async read(member: string, path: string): Promise<unknown> {
    const reply = await fetch(`${this.cluster.member(member).agentUrl}${path}`);
    return await reply.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load.close();
    await this.cluster.close();
  }
}

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealMember } from '../../real/cluster.ts';
import { type AgentUnderTest, startAgent } from '../agent-under-test.ts';

const pollMs = 250;
const patienceMs = 15 * 60_000;
const by = 'npm run bench';

/** What is asked of `GET /api/v1/operations`: the part that tells how something ended. */
interface Ended {
  readonly id: string;
  readonly outcome: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly summary: string;
}

/** An agent of the built package beside every member of a cluster; whoever starts them closes them. */
export class Agents implements AsyncDisposable {
  readonly #members: readonly RealMember[];
  readonly #set: Readonly<Record<string, string>>;
  readonly #token = randomBytes(32).toString('hex');
  readonly #agents = new Map<string, AgentUnderTest>();

  private constructor(members: readonly RealMember[], set: Readonly<Record<string, string>>) {
    this.#members = members;
    this.#set = set;
  }

  /** Starts one beside each member; they may act at once. @param set keys of their configuration */
  static async start(members: readonly RealMember[], set: Readonly<Record<string, string>>): Promise<Agents> {
    const agents = new Agents(members, { 'maintenance.armAfter': '0s', ...set });
    const started = await Promise.allSettled(members.map((member) => agents.restart(member)));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      await agents[Symbol.asyncDispose]();
      throw failed.reason;
    }
    return agents;
  }

  /** Starts the agent beside a member, in place of one that was killed. */
  async restart(member: RealMember): Promise<void> {
    await this.#agents.get(member.name)?.close();
    this.#agents.set(member.name, await startAgent(member, { token: this.#token, set: this.#set }));
  }

  /** SIGKILL to the agent beside this member. */
  async kill(member: RealMember): Promise<void> {
    await this.#agents.get(member.name)?.kill();
  }

  /** Members whose agents say now that they lead; an agent that does not answer says nothing. */
  async leading(members: readonly RealMember[] = this.#members): Promise<readonly RealMember[]> {
    const pages = await Promise.all(
      members.map(async ({ name }) => await fetch(`${this.#url(name)}/metrics`).then(text, () => '')),
    );
    return members.filter((_, i) => pages[i]?.includes('\netcd_caretaker_leader 1\n'));
  }

  /** Waits until exactly one agent leads. */
  async leader(): Promise<RealMember> {
    return await this.#waitFor('one leading agent', async () => {
      const leading = await this.leading();
      return leading.length === 1 ? leading[0] : undefined;
    });
  }

  /** Waits until the agents would do this if a person asked for it, and throws with their reasons when that never comes. */
  async ready(operation: string): Promise<void> {
    await this.#waitFor(`"act" as the decision on ${operation}`, async (say) => {
      const answer = await this.#post({ operation, by, dryRun: true });
      say(answer.body);
      return answer.ok && answer.body.includes('"act"') ? true : undefined;
    });
  }

  /** Asks for an operation and waits until its end is in the history. Throws where it did not succeed. */
  async run(operation: string): Promise<Ended> {
    const answer = await this.#post({ operation, by });
    if (!answer.ok) {
      throw new Error(`asked for ${operation}: ${answer.body}`);
    }
    const asked = JSON.parse(answer.body) as { readonly id: string };
    const ended = await this.#waitFor(`the end of ${operation}`, async (say) => {
      const page = await fetch(`${this.#url(this.#members[0]?.name ?? '')}/api/v1/operations`).then(text);
      say(page);
      const { history } = JSON.parse(page) as { readonly history: readonly Ended[] };
      return history.find(({ id }) => id === asked.id);
    });
    if (ended.outcome !== 'succeeded') {
      throw new Error(`${operation} ${ended.outcome}: ${ended.summary}\n${this.#logs()}`);
    }
    return ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
  }

  /** Asks the leading agent, which knows what it would do. */
  async #post(body: unknown): Promise<{ readonly ok: boolean; readonly body: string }> {
    const { name } = await this.leader();
    const response = await fetch(`${this.#url(name)}/api/v1/operations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#token}` },
      body: JSON.stringify(body),
    });
    return { ok: response.ok, body: await response.text() };
  }

  async #waitFor<T>(what: string, look: (say: (state: string) => void) => Promise<T | undefined>): Promise<T> {
    const endMs = performance.now() + patienceMs;
    let state = '';
    while (performance.now() < endMs) {
      const found = await look((text) => {
        state = text;
      });
      if (found !== undefined) {
        return found;
      }
      await sleep(pollMs);
    }
    throw new Error(`no ${what} in ${patienceMs / 1000} s; last: ${state}\n${this.#logs()}`);
  }

  #url(name: string): string {
    return this.#agents.get(name)?.url ?? '';
  }

  #logs(): string {
    return [...this.#agents]
      .map(([name, agent]) => `--- agent beside ${name}:\n${agent.log().slice(-3000)}`)
      .join('\n');
  }
}

async function text(response: Response): Promise<string> {
  return await response.text();
}

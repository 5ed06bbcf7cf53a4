import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { fillMember } from './filled-member.ts';

/** A member that holds so much, and a client of it. */
export interface FilledMember {
  readonly cluster: RealCluster;
  readonly endpoint: string;
  readonly client: MemberClient;
}

/** Members filled once and used by all parts of a run that want one of their size; whoever makes it closes them. */
export class FilledMembers implements AsyncDisposable {
  readonly #members = new Map<string, Promise<FilledMember>>();

  /** @param mib of values; 0: an empty one */
  get(mib: number, version: '3.4' | '3.5' = '3.5'): Promise<FilledMember> {
    const name = `${version} ${mib}`;
    const there = this.#members.get(name) ?? started(mib, version);
    this.#members.set(name, there);
    return there;
  }

  /** As `get`, but the largest one that is smaller may be filled up for it, and is not there any more. */
  async grown(mib: number): Promise<FilledMember> {
    const [largest] = [...this.#members.keys()]
      .filter((name) => name.startsWith('3.5 '))
      .map((name) => Number(name.slice(4)))
      .toSorted((a, b) => b - a)
      .filter((each) => each <= mib);
    const there = largest === undefined ? undefined : this.#members.get(`3.5 ${largest}`);
    if (largest === undefined || there === undefined || largest === mib) return await this.get(mib);
    const grown = there.then(async (member) => {
      await fillMember(member.client, mib * 2 ** 20, largest * 2 ** 20);
      return member;
    });
    this.#members.delete(`3.5 ${largest}`);
    this.#members.set(`3.5 ${mib}`, grown);
    return await grown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of await Promise.allSettled(this.#members.values())) {
      if (member.status !== 'fulfilled') continue;
      member.value.client.close();
      await member.value.cluster.close();
    }
  }
}

async function started(mib: number, version: '3.4' | '3.5'): Promise<FilledMember> {
  const cluster = await startCluster({ version, quotaBytes: 64 * 2 ** 30 });
  const endpoint = cluster.endpoints[0] ?? '';
  const client = new MemberClient({ member: 'bench', endpoint, callTimeoutMs: 60_000 });
  try {
    await fillMember(client, mib * 2 ** 20);
  } catch (error) {
    client.close();
    await cluster.close();
    throw error;
  }
  return { cluster, endpoint, client };
}

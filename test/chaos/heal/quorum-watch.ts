import { setTimeout as sleep } from 'node:timers/promises';
import { quorumSize } from '../../../src/cluster/quorum.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';

const EVERY_MS = 500;
const CALL_TIMEOUT_MS = 1500;
/** What is seen of a member counts for so long: on a busy machine a look may take its time. */
const COUNTS_MS = 3000;

/** Steps of the journal that take a member's vote away for a while or for good. */
const TAKING = new Set(['remove-member', 'defragment', 'stop']);

/** A step as the journal has it. */
export interface SeenStep {
  readonly operation: string;
  readonly operationId: string;
  readonly name: string;
  readonly memberId?: string;
  /** Wall clock of this machine. */
  readonly atMs: number;
}

/** Which voters were well at one time, as somebody saw it who has nothing to do with the agents. Ids. */
export interface Sample {
  readonly atMs: number;
  readonly voters: readonly string[];
  readonly well: readonly string[];
}

/**
 * Why a step took the cluster below its quorum, as a sentence; undefined where it did not: without the member that it takes
 * away, the voters that were well are a majority of those at that time.
 */
export function quorumLostBy(step: SeenStep, samples: readonly Sample[]): string | undefined {
  if (step.memberId === undefined || !TAKING.has(step.name)) return undefined;
  const near = samples.filter(({ atMs }) => Math.abs(atMs - step.atMs) <= COUNTS_MS);
  const { voters } = near.findLast(({ atMs }) => atMs <= step.atMs) ?? near[0] ?? {};
  if (voters === undefined || !voters.includes(step.memberId)) return undefined;
  const well = voters.filter((id) => id !== step.memberId && near.some((sample) => sample.well.includes(id)));
  if (well.length >= quorumSize(voters.length)) return undefined;
  return `${step.operation} took ${step.memberId} away (${step.name}) while only ${well.length} of the ${voters.length} voters besides it were well`;
}

/** Looks at all members again and again, past the agents. Whoever starts it disposes of it. */
export class QuorumWatch implements AsyncDisposable {
  readonly samples: Sample[] = [];
  readonly #clients: readonly MemberClient[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(clients: readonly MemberClient[]) {
    this.#clients = clients;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const looks = await Promise.all(this.#clients.map((client) => look(client, signal)));
      const known = looks.flatMap((each) => (each === undefined ? [] : [each]));
      const listed = known.toSorted((a, b) => Number(b.appliedIndex - a.appliedIndex))[0];
      if (listed !== undefined) {
        const well = known.filter(({ hasLeader }) => hasLeader).map(({ id }) => id);
        this.samples.push({ atMs: Date.now(), voters: listed.voters, well });
      }
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

interface Look {
  readonly id: string;
  readonly hasLeader: boolean;
  readonly voters: readonly string[];
  readonly appliedIndex: bigint;
}

async function look(client: MemberClient, signal: AbortSignal): Promise<Look | undefined> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
  try {
    const [status, { members }] = await Promise.all([client.status(within), client.memberList(within)]);
    return {
      id: status.header.memberId,
      hasLeader: status.leaderId !== '0' && !status.isLearner,
      voters: members.filter(({ isLearner }) => !isLearner).map(({ id }) => id),
      appliedIndex: status.raftAppliedIndex,
    };
  } catch {
    return undefined;
  }
}

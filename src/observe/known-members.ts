import { AgentError } from '../cluster/agent-error.ts';
import type { ListedMember } from '../etcd/types.ts';
import { atMost } from './at-most.ts';
import type { Sources } from './sources.ts';

/** The own member's id, and all members. */
export interface Membership {
  readonly ownId: string;
  readonly members: readonly ListedMember[];
}

/** A healthy member answers in a few ms; whoever probes peers must not wait until a sick one has timed out. */
const defaultPatienceMs = 300;

/**
 * Remembers the members from round to round, for collectors that look at all of them: while no member gives
 * the list, the one from before does, because that is when one wants to know how the others are.
 */
export class KnownMembers {
  readonly #patienceMs: number;
  #newest: Membership | undefined;

  constructor(patienceMs = defaultPatienceMs) {
    this.#patienceMs = patienceMs;
  }

  /**
   * The members as of now, or else as of the last time that they could be read. Where they never could, throws the
   * reason, or `MEMBERS_UNKNOWN` when there is no answer yet; one that comes late is there in the next round.
   */
  async current(sources: Sources): Promise<Membership> {
    try {
      return (await atMost(this.#patienceMs, this.#read(sources))) ?? this.#newest ?? unknown();
    } catch (error) {
      if (this.#newest === undefined) {
        throw error;
      }
      return this.#newest;
    }
  }

  async #read(sources: Sources): Promise<Membership> {
    const [ownId, { members }] = await Promise.all([sources.ownId(), sources.members()]);
    this.#newest = { ownId, members };
    return this.#newest;
  }
}

function unknown(): never {
  throw new AgentError('MEMBERS_UNKNOWN', 'No member has answered yet, so the other members are not known.', {
    remedy: 'Look at the collectors member and cluster: they say what is wrong with it.',
  });
}

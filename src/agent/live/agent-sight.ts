import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import { withSample } from '../../expose/live/followed-history.ts';
import type { LiveListener } from '../../expose/live/live-ports.ts';
import type { HistoryReply, HistorySample, MemberBrief, MemberSight } from '../../expose/live/words.ts';
import { PeerAgentStatus } from '../../observe/peer-agent.ts';
import { historyReplyIn, memberReplyIn } from './answers.ts';

/** Asks an agent for the JSON at a path. */
export type FetchAgent = (base: string, path: string, signal: AbortSignal) => Promise<unknown>;

/** The member that an agent stands beside. */
export interface SeenMember {
  readonly memberId: string;
  readonly member: string;
  /** Where its agent answers; absent where none is known. */
  readonly url?: string;
}

const noAgent = (member: string): NonNullable<MemberSight['fault']> => ({
  code: 'AGENT_NOT_KNOWN',
  message: `No agent is known beside ${member}.`,
  remedy: 'Start one there; where one runs, see what keeps it from the journal.',
});

/** What one other agent has said of its member, while somebody watches. */
export class AgentSight {
  readonly #fetch: FetchAgent;
  readonly #tells: LiveListener;
  #seen: SeenMember;
  #brief: MemberBrief | undefined;
  #history: HistoryReply | undefined;
  #silentSinceMs: number | undefined;
  #fault: MemberSight['fault'];
  #asking: Promise<void> | undefined;

  constructor(seen: SeenMember, fetch: FetchAgent, tells: LiveListener) {
    this.#seen = seen;
    this.#fetch = fetch;
    this.#tells = tells;
  }

  /** As it was last had, with the samples since. */
  get history(): HistoryReply | undefined {
    return this.#history;
  }

  get sight(): MemberSight {
    const { memberId, member, url } = this.#seen;
    const fault = url === undefined ? noAgent(member) : this.#fault;
    return {
      memberId,
      member,
      own: false,
      ...(url === undefined ? {} : { url }),
      ...(this.#brief === undefined ? {} : { brief: this.#brief }),
      ...(this.#silentSinceMs === undefined ? {} : { silentSince: new Date(this.#silentSinceMs).toISOString() }),
      ...(fault === undefined ? {} : { fault }),
    };
  }

  /** Asks it now, unless it has not answered the last time yet. Never rejects; settles when it has answered, or not in time. */
  look(seen: SeenMember, signal: AbortSignal): Promise<void> {
    // Whose record has run out with its lease may come back where it was.
    this.#seen = seen.url === undefined && this.#seen.url !== undefined ? { ...seen, url: this.#seen.url } : seen;
    this.#asking ??= this.#ask(signal).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { url } = this.#seen;
    if (url === undefined) return;
    const askedAtMs = Date.now();
    try {
      const { sample, ...brief } = this.#meant(memberReplyIn(await this.#fetch(url, '/api/v1/member', signal)));
      this.#brief = brief;
      this.#silentSinceMs = undefined;
      this.#fault = undefined;
      this.#tells.changed();
      // The member is seen all the same without its history, which is asked for again the next time.
      if (sample !== undefined) await this.#follow(url, sample, signal).catch(() => undefined);
    } catch (error) {
      if (signal.aborted) return;
      this.#silentSinceMs ??= askedAtMs;
      this.#fault = this.#faultOf(error);
      this.#tells.changed();
    }
  }

  /** Takes a sample into the history that there is; without one, or where it does not follow, has it anew. */
  async #follow(url: string, sample: HistorySample, signal: AbortSignal): Promise<void> {
    const followed = this.#history && withSample(this.#history, sample);
    if (followed === this.#history && followed !== undefined) return;
    if (followed !== undefined) {
      this.#history = followed;
      this.#tells.sampled(sample);
      return;
    }
    this.#history = this.#meant(historyReplyIn(await this.#fetch(url, '/api/v1/history', signal)));
    this.#tells.historiesChanged();
  }

  /** Throws where it is none, or of another member: two agents may have one URL. */
  #meant<T extends { readonly member: string }>(reply: T | undefined): T {
    const { member } = this.#seen;
    if (reply === undefined) {
      throw new AgentError(
        'AGENT_ANSWER_UNKNOWN',
        `The agent beside ${member} answers in words that are not known here.`,
        {
          member,
          remedy: 'Bring the agents to one version.',
        },
      );
    }
    if (reply.member !== member) {
      throw new AgentError(
        'AGENT_OF_ANOTHER',
        `At the URL of the agent beside ${member} the one beside ${reply.member} answers.`,
        {
          member,
          remedy: 'Look at expose.advertise of both.',
        },
      );
    }
    return reply;
  }

  #faultOf(error: unknown): NonNullable<MemberSight['fault']> {
    if (error instanceof Error && error.cause instanceof PeerAgentStatus && error.cause.status === 404) {
      return {
        code: 'AGENT_OLDER',
        message: `The agent beside ${this.#seen.member} is of an older version, which does not say what is shown live.`,
        remedy: 'Bring the agents to one version.',
      };
    }
    const { code, message, remedy } = faultOf(error);
    return { code, message, ...(remedy === undefined ? {} : { remedy }) };
  }
}

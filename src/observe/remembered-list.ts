import { faultOf } from '../cluster/agent-error.ts';
import type { Finding } from '../cluster/sections.ts';
import type { MemberList } from '../etcd/types.ts';
import type { Sources } from './sources.ts';

/** The member list, and where it is only remembered: since when, and what to say of it. */
export interface BestList {
  readonly list: MemberList;
  /** Seconds since a member gave it; absent where one just did. */
  readonly ageSeconds?: number;
  readonly findings: readonly Finding[];
}

/**
 * Remembers the newest member list that a member gave, so that the quorum is still counted when none answers any more: of the
 * list nobody says then that it has changed. Only who the members are is remembered, never how they were.
 */
export class RememberedList {
  readonly #nowMs: () => number;
  #newest: { readonly list: MemberList; readonly atMs: number } | undefined;

  /** @param nowMs monotonic clock */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The list of this round, else the remembered one; where there never was one, throws why. */
  async best(sources: Pick<Sources, 'members'>, signal: AbortSignal): Promise<BestList> {
    try {
      const list = await sources.members();
      this.#newest = { list, atMs: this.#nowMs() };
      return { list, findings: [] };
    } catch (error) {
      if (this.#newest === undefined || signal.aborted) throw error;
      const { list, atMs } = this.#newest;
      const { message, remedy } = faultOf(error);
      const finding: Finding = {
        code: 'MEMBER_LIST_REMEMBERED',
        severity: 'warning',
        message: `No member gives the member list, so the one that the agent saw last counts: ${message}.`,
        remedy: remedy ?? 'See why no member answers.',
      };
      return { list: { ...list, linearizable: false }, ageSeconds: (this.#nowMs() - atMs) / 1000, findings: [finding] };
    }
  }
}

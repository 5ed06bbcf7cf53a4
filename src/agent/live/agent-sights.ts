import type { LiveListener } from '../../expose/live/live-ports.ts';
import type { HistoryReply, MemberSight } from '../../expose/live/words.ts';
import { AgentSight, type FetchAgent, type SeenMember } from './agent-sight.ts';

/** What the other agents say of their members, while somebody watches. One that is slow or hangs delays no other. */
export class AgentSights {
  readonly #fetch: FetchAgent;
  readonly #tells: LiveListener;
  readonly #byMember = new Map<string, AgentSight>();

  constructor(fetch: FetchAgent, tells: LiveListener) {
    this.#fetch = fetch;
    this.#tells = tells;
  }

  /** Asks each that has answered the last time, and forgets those that are gone. Never rejects. */
  async look(others: readonly SeenMember[], signal: AbortSignal): Promise<void> {
    for (const id of this.#byMember.keys()) {
      if (!others.some(({ memberId }) => memberId === id)) this.#byMember.delete(id);
    }
    await Promise.all(others.map((other) => this.#of(other).look(other, signal)));
  }

  /** Of each of them, in their order. */
  sights(others: readonly SeenMember[]): readonly MemberSight[] {
    return others.map((other) => this.#of(other).sight);
  }

  /** Of those whose agent has given one. */
  histories(): readonly HistoryReply[] {
    return [...this.#byMember.values()].flatMap(({ history }) => history ?? []);
  }

  /** For how long their etcds had run when their agents last said so, seconds by member id: no two clocks are compared. */
  uptimes(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#byMember].flatMap(([id, { sight }]) => {
        const { observedAt, etcdStartedAt } = sight.brief ?? {};
        const seconds = (Date.parse(observedAt ?? '') - Date.parse(etcdStartedAt ?? '')) / 1000;
        return Number.isNaN(seconds) ? [] : [[id, seconds]];
      }),
    );
  }

  #of(other: SeenMember): AgentSight {
    const known = this.#byMember.get(other.memberId);
    if (known !== undefined) return known;
    const made = new AgentSight(other, this.#fetch, this.#tells);
    this.#byMember.set(other.memberId, made);
    return made;
  }
}

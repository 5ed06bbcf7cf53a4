import type { AgentReport } from './assemble-state.ts';
import type { ClusterMember } from './sections.ts';
import { HeldCondition } from './stability.ts';
import type { MemberSilence } from './state.ts';

/**
 * What an agent said so long ago counts no more: of members that come and go within a minute nothing is known. Nor what it said before the member can have
 * been silent for long enough: `heal.replaceAfter` may be shorter.
 */
const FRESH_SECONDS = 60;

/** Remembers from round to round for how long each member has not answered this agent. */
export class Silences {
  readonly #held = new Map<string, HeldCondition>();
  readonly #seconds = new Map<string, number>();

  /** Takes in a round. @param monotonicMs of this process */
  look(members: readonly Pick<ClusterMember, 'id' | 'reachable'>[], monotonicMs: number): void {
    const listed = new Set(members.map(({ id }) => id));
    for (const id of this.#held.keys()) {
      if (listed.has(id)) continue;
      this.#held.delete(id);
      this.#seconds.delete(id);
    }
    for (const { id, reachable } of members) {
      const held = this.#held.get(id) ?? new HeldCondition();
      this.#held.set(id, held);
      this.#seconds.set(id, held.look(!reachable, monotonicMs));
    }
  }

  /** For how long a member has not answered this agent; 0 while it does. */
  secondsOf(id: string): number {
    return this.#seconds.get(id) ?? 0;
  }

  /**
   * What this agent and the others say of each member, by id. It is silent for as long as each of those has not heard it that say so, by their own
   * monotonic clocks: one that found it silent a moment ago says nothing of the minutes before. The agent beside a member is no observer of it: it sees other
   * things, and tells them itself.
   * @param reports of all agents by the id of their member, this agent's own among them
   * @param replaceAfterSeconds how long a member has to be silent before it is replaced
   */
  told(
    members: readonly Pick<ClusterMember, 'id' | 'reachable'>[],
    reports: ReadonlyMap<string, AgentReport>,
    replaceAfterSeconds: number = FRESH_SECONDS,
  ) {
    const freshSeconds = Math.min(FRESH_SECONDS, replaceAfterSeconds);
    return new Map<string, MemberSilence>(
      members.map(({ id }) => {
        const said = [...reports].flatMap(([observer, { sight, ageSeconds }]) => {
          const reached = ageSeconds <= freshSeconds && observer !== id ? sight.reached?.get(id) : undefined;
          // An older agent does not say for how long.
          const seconds = sight.silentSeconds?.get(id) ?? Number.POSITIVE_INFINITY;
          return reached === undefined ? [] : [{ reached, seconds }];
        });
        const silent = said.filter(({ reached }) => !reached);
        const seconds = Math.min(this.secondsOf(id), ...silent.map((each) => each.seconds));
        return [id, { seconds, observers: said.length, silentTo: silent.length }];
      }),
    );
  }
}

import type { AgentReport } from './assemble-state.ts';
import type { ClusterMember } from './sections.ts';
import { HeldCondition } from './stability.ts';
import type { MemberSilence } from './state.ts';

/** What an agent said so long ago counts no more: of members that come and go within a minute nothing is known. */
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

  /**
   * What this agent and the others say of each member, by id. The agent beside a member is no observer of it: it sees other
   * things, and tells them itself.
   * @param reports of all agents by the id of their member, this agent's own among them
   */
  told(members: readonly Pick<ClusterMember, 'id' | 'reachable'>[], reports: ReadonlyMap<string, AgentReport>) {
    return new Map<string, MemberSilence>(
      members.map(({ id }) => {
        const said = [...reports].flatMap(([observer, { sight, ageSeconds }]) => {
          const reached = ageSeconds <= FRESH_SECONDS && observer !== id ? sight.reached?.get(id) : undefined;
          return reached === undefined ? [] : [reached];
        });
        const silentTo = said.filter((reached) => !reached).length;
        return [id, { seconds: this.#seconds.get(id) ?? 0, observers: said.length, silentTo }];
      }),
    );
  }
}

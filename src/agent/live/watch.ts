import type { BackupView } from '../../cluster/backup-view.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { KeyspaceSection } from '../../cluster/sections.ts';
import { backupsOf } from '../../expose/backups-of.ts';
import type { CaretakingPorts, DecisionsReply } from '../../expose/caretaking-ports.ts';
import { keyspaceOf } from '../../expose/keyspace-of.ts';
import type { LiveListener } from '../../expose/live/live-ports.ts';
import type { FetchAgent } from './agent-sight.ts';
import { AgentSights } from './agent-sights.ts';
import { AskedPart } from './asked-part.ts';
import type { ListedMember } from './listed-members.ts';

/** How often the others are asked. */
const ASK_EVERY_MS = 1000;

/** The keyspace changes once a round, and is the largest of what is asked for. */
const KEYSPACE_EVERY_TURNS = 5;

/** What somebody who watches needs of others. */
export interface WatchParts {
  readonly observation: () => Observation;
  readonly caretaking: () => CaretakingPorts;
  readonly members: () => readonly ListedMember[];
  readonly fetch: FetchAgent;
  readonly listener: LiveListener;
  /** How often the others are asked; default 1 s. */
  readonly askEveryMs?: number;
}

/** What is asked of other agents from when somebody watches until nobody does. */
export class Watch {
  readonly sights: AgentSights;
  readonly decisions: AskedPart<DecisionsReply>;
  /** The leader's. */
  readonly backups: AskedPart<BackupView>;
  readonly keyspace: AskedPart<KeyspaceSection>;
  readonly #parts: WatchParts;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #asking = new Set<Promise<unknown>>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
    const { caretaking, fetch, listener, askEveryMs = ASK_EVERY_MS } = parts;
    this.sights = new AgentSights(fetch, listener);
    this.decisions = new AskedPart((signal) => caretaking().decisions(signal), listener.changed);
    this.backups = new AskedPart((signal) => this.#askBackups(signal), listener.changed);
    this.keyspace = new AskedPart((signal) => this.#askKeyspace(signal), listener.changed);
    this.#timer = setInterval(() => this.#look(), askEveryMs).unref();
    this.#look();
  }

  /** What this agent sees itself has changed: what it leads is had at once. */
  changed(): void {
    if (this.#parts.observation().caretaking?.leads !== true) return;
    this.#keep(this.decisions.look(this.#stop.signal));
    this.#keep(this.backups.look(this.#stop.signal));
  }

  /** Ends what is being asked. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.all(this.#asking);
  }

  #look(): void {
    const { signal } = this.#stop;
    const others = this.#parts.members().filter(({ own }) => !own);
    this.#keep(this.sights.look(others, signal));
    this.#keep(this.decisions.look(signal));
    this.#keep(this.backups.look(signal));
    if (this.#turn % KEYSPACE_EVERY_TURNS === 0) this.#keep(this.keyspace.look(signal));
    this.#turn += 1;
  }

  #keep(asking: Promise<unknown>): void {
    this.#asking.add(asking);
    void asking.finally(() => this.#asking.delete(asking));
  }

  /** The leader's; where nobody leads, or it names no URL: as they are seen from here. */
  async #askBackups(signal: AbortSignal): Promise<BackupView> {
    const { caretaking } = this.#parts.observation();
    const leader = this.#parts.members().find(({ memberId }) => memberId === caretaking?.leader?.memberId);
    if (caretaking?.leads === true || leader?.url === undefined || leader.own)
      return backupsOf(this.#parts.observation());
    const reply = await this.#parts.fetch(leader.url, '/api/v1/backups', signal);
    const known = typeof reply === 'object' && reply !== null && 'stores' in reply && 'kinds' in reply;
    // It was made by another agent for the same readers, and passes through as it is.
    return known ? (reply as BackupView) : backupsOf(this.#parts.observation());
  }

  /** That of the agent that keeps it, where this one does not. */
  async #askKeyspace(signal: AbortSignal): Promise<KeyspaceSection> {
    const own = keyspaceOf(this.#parts.observation());
    const { heldBy } = own;
    const holder = this.#parts.members().find(({ memberId }) => memberId === heldBy?.memberId);
    if (heldBy === undefined || holder?.url === undefined || holder.own) return own;
    const reply = await this.#parts.fetch(holder.url, '/api/v1/keyspace', signal);
    const known = typeof reply === 'object' && reply !== null && 'phase' in reply && 'prefixes' in reply;
    // It was made by another agent for the same readers, and passes through as it is.
    return known ? (reply as KeyspaceSection) : own;
  }
}

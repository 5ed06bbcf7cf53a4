import type { Observation } from '../../cluster/observation.ts';
import type { CaretakingPorts } from '../../expose/caretaking-ports.ts';
import { withSituation } from '../../expose/caretaking-routes.ts';
import { ChangeLog } from '../../expose/live/change-log.ts';
import type { FactsAside } from '../../expose/live/cluster-facts.ts';
import { HistoryRecorder } from '../../expose/live/history-recorder.ts';
import type { LiveListener, LivePorts, WholePart, WholeParts } from '../../expose/live/live-ports.ts';
import { type DiskCounters, memberBrief } from '../../expose/live/member-brief.ts';
import type { HistoryReply, MemberBrief, MemberReply, MemberSight } from '../../expose/live/words.ts';
import { type Status, statusOf } from '../../expose/status.ts';
import { unprotectedSeconds } from '../backup/unprotected-seconds.ts';
import type { FetchAgent } from './agent-sight.ts';
import { faultPart } from './asked-part.ts';
import { type ListedMember, listedMembers } from './listed-members.ts';
import { Watch, type WatchParts } from './watch.ts';

export interface LiveOptions extends Pick<WatchParts, 'askEveryMs'> {
  /** The newest observation, with what is to be seen of acting. */
  readonly observation: () => Observation;
  readonly caretaking: () => CaretakingPorts;
  /** URLs of the agents beside the planned members, by the member's name. */
  readonly configured: ReadonlyMap<string, string>;
  readonly fetch: FetchAgent;
}

/** What is made of an observation, once. */
interface Made {
  readonly of: Observation;
  readonly status: Status;
  readonly brief: MemberBrief;
}

/**
 * What one agent shows live. All the time it keeps the last hour of its member and what has changed in the cluster; it asks other agents only while
 * somebody watches.
 */
export class Live implements LivePorts {
  readonly #options: LiveOptions;
  readonly #recorder = new HistoryRecorder();
  readonly #log = new ChangeLog();
  /** The newest reading of its disk, and the one before it. */
  #counters: { readonly now?: DiskCounters; readonly before?: DiskCounters } = {};
  #list: NonNullable<Observation['sections']['cluster']>['value'];
  #made: Made | undefined;
  #watching: { readonly watch: Watch; readonly listener: LiveListener } | undefined;
  #ending: Promise<void> = Promise.resolve();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Takes in a new observation. */
  take(observation: Observation): void {
    const { backups, sections } = observation;
    this.#list = sections.cluster?.value ?? this.#list;
    this.#keepCounters(observation);
    this.#log.take(observation, this.#aside());
    const recorded = this.#recorder.take(observation, backups && unprotectedSeconds(backups));
    if (recorded !== undefined) this.#tell(recorded);
    this.changed();
  }

  /** Something else of what is to be seen has changed. */
  changed(): void {
    this.#watching?.watch.changed();
    this.#watching?.listener.changed();
  }

  /** Ends what is being asked. */
  async close(): Promise<void> {
    this.#unwatch();
    await this.#ending;
  }

  member(): MemberReply {
    const sample = this.#recorder.newest;
    return { ...this.#now().brief, ...(sample === undefined ? {} : { sample }) };
  }

  history(): HistoryReply {
    return this.#recorder.reply(this.#options.observation().member);
  }

  part<K extends WholePart>(name: K): WholeParts[K] {
    // Each is of the type of its name; a function for every name cannot express that.
    return this.#makers[name]() as WholeParts[K];
  }

  watch(listener: LiveListener): () => void {
    this.#unwatch();
    const members = () => this.#listed();
    const watching = { watch: new Watch({ ...this.#options, members, listener }), listener };
    this.#watching = watching;
    return () => {
      if (this.#watching === watching) this.#unwatch();
    };
  }

  readonly #makers: { readonly [K in WholePart]: () => WholeParts[K] } = {
    status: () => this.#now().status,
    members: () => this.#members(),
    decisions: () => {
      const decisions = this.#watching?.watch.decisions.value ?? notWatched;
      return 'fault' in decisions ? decisions : withSituation(decisions, this.#options.observation());
    },
    operations: () => {
      try {
        return this.#options.caretaking().operations();
      } catch (error) {
        return faultPart(error);
      }
    },
    backups: () => this.#watching?.watch.backups.value ?? notWatched,
    keyspace: () => this.#watching?.watch.keyspace.value ?? notWatched,
    changes: () => {
      this.#log.take(this.#options.observation(), this.#aside());
      return this.#log.changes;
    },
    history: () => [this.history(), ...(this.#watching?.watch.sights.histories() ?? [])],
  };

  #members(): readonly MemberSight[] {
    const listed = this.#listed();
    const others = this.#watching?.watch.sights.sights(listed.filter(({ own }) => !own)) ?? [];
    return listed.flatMap((member) =>
      member.own
        ? { ...member, brief: this.#now().brief }
        : (others.find((sight) => sight.memberId === member.memberId) ?? []),
    );
  }

  #listed(): readonly ListedMember[] {
    const { observation, configured } = this.#options;
    return listedMembers(observation(), this.#list?.members ?? [], configured);
  }

  #keepCounters({ observedAtMs, observedAtMonotonicMs, sections: { disk } }: Observation): void {
    const { now } = this.#counters;
    if (disk === undefined || disk === now?.sections.disk) return;
    const newest = { observedAtMs, observedAtMonotonicMs, sections: { disk } };
    this.#counters = now === undefined ? { now: newest } : { before: now, now: newest };
  }

  #aside(): FactsAside {
    return { uptimes: this.#watching?.watch.sights.uptimes() ?? new Map(), nowMs: Date.now() };
  }

  #now(): Made {
    const of = this.#options.observation();
    if (this.#made?.of === of) return this.#made;
    const made = { of, status: statusOf(of), brief: memberBrief(of, this.#counters.before) };
    this.#made = made;
    return made;
  }

  #tell({ sample, clockWasSet }: NonNullable<ReturnType<HistoryRecorder['take']>>): void {
    if (clockWasSet) this.#watching?.listener.historiesChanged();
    else this.#watching?.listener.sampled(sample);
  }

  #unwatch(): void {
    const ended = this.#watching?.watch.close();
    this.#watching = undefined;
    if (ended !== undefined) this.#ending = Promise.all([this.#ending, ended]).then(() => undefined);
  }
}

const notWatched = { fault: { code: 'NOT_ASKED_YET', message: 'It is asked for while somebody watches.' } };

import { committedIndex } from '../../cluster/committed-index.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { ProcessEnd } from '../../cluster/own-member.ts';
import type { LastList, RevisionSighting } from '../../cluster/recovery.ts';
import type { MemberStatus } from '../../cluster/sections.ts';
import { type QuorumSight, quorumSight } from '../last-gasp/quorum-sight.ts';

const KEPT = 300;

/** What one agent has seen of the cluster lately: revisions and when, the last list, and since when there is no quorum. */
export class Sightings {
  readonly #seen: RevisionSighting[] = [];
  #list: LastList | undefined;
  #unconfirmed: LastList | undefined;
  #quorum: QuorumSight = 'unknown';
  #lost: { readonly monotonicMs: number } | undefined;
  #lostAtMs: number | undefined;
  #idleAtMs: number | undefined;
  #etcdVersion: string | undefined;

  /** Oldest first. */
  get revisions(): readonly RevisionSighting[] {
    return this.#seen;
  }

  /** As a quorum gave it last; undefined where there never was one here. */
  get list(): LastList | undefined {
    return this.#list;
  }

  /** As a member remembers it by itself: it may be from before a replacement, and is no newer than what any agent has from a quorum. */
  get unconfirmedList(): LastList | undefined {
    return this.#unconfirmed;
  }

  get quorum(): QuorumSight {
    return this.#quorum;
  }

  /**
   * Wall clock: this member had no part in what was acknowledged from then on, since it saw no quorum or does not run. Undefined while there is a
   * quorum, and where neither is known.
   */
  get lostAtMs(): number | undefined {
    const since = [this.#lostAtMs, this.#idleAtMs].filter((each) => each !== undefined);
    return since.length === 0 ? undefined : Math.min(...since);
  }

  get etcdVersion(): string | undefined {
    return this.#etcdVersion;
  }

  /** By the monotonic clock; 0 while there is a quorum. */
  lostForMs(nowMs: number = performance.now()): number {
    return this.#lost === undefined ? 0 : nowMs - this.#lost.monotonicMs;
  }

  /** Takes in each observation. */
  take(observation: Observation): void {
    const { sections, observedAtMs, own } = observation;
    this.#quorum = quorumSight(observation);
    this.#etcdVersion = sections.member?.value?.status.version ?? this.#etcdVersion;
    // Also where it cannot be told.
    this.#lost = this.#quorum === 'holds' ? undefined : (this.#lost ?? { monotonicMs: performance.now() });
    // A round that failed on a busy machine is no sign that nothing was acknowledged meanwhile.
    if (this.#quorum === 'holds') this.#lostAtMs = undefined;
    else if (this.#quorum === 'lost') this.#lostAtMs ??= observedAtMs;
    this.#idleAtMs =
      this.#quorum !== 'holds' && own?.process.state === 'stopped'
        ? this.#idleSince(observedAtMs, own.process.end)
        : undefined;
    const cluster = sections.cluster?.value;
    if (cluster === undefined) return;
    const members = cluster.members.map(({ id, name, peerUrls, isLearner }) => ({ id, name, peerUrls, isLearner }));
    const { clusterId } = cluster;
    if (this.#quorum === 'holds') {
      const raftIndex = committedIndex(cluster.members);
      this.#list = { clusterId, atMs: observedAtMs, members, ...(raftIndex === undefined ? {} : { raftIndex }) };
    } else this.#unconfirmed = { clusterId, atMs: 0, members };
    // What a member has that is left alone says nothing of what the others acknowledged before they were gone.
    if (this.#quorum !== 'holds') return;
    const answered = cluster.members.flatMap(({ status }) => status ?? []);
    // Asked from then on: all that was written before is in it.
    this.#see(sections.cluster?.observedAtMs ?? observedAtMs, answered);
  }

  /** It may have run between two rounds: then its end is what counts. */
  #idleSince(observedAtMs: number, end: ProcessEnd | undefined): number {
    return this.#idleAtMs === undefined ? observedAtMs : Math.max(this.#idleAtMs, end?.atMs ?? 0);
  }

  /** The index is that of the member that has the revision: whoever has the log up to it has at least that revision. */
  #see(atMs: number, members: readonly MemberStatus[]): void {
    let newest: MemberStatus | undefined;
    for (const status of members) if (newest === undefined || status.revision > newest.revision) newest = status;
    if (newest === undefined) return;
    const { revision, raftAppliedIndex: raftIndex } = newest;
    // Of one revision the last sighting says the most: nothing was written until then.
    if (this.#seen.length > 1 && this.#seen.at(-1)?.revision === revision) this.#seen.pop();
    this.#seen.push({ atMs, revision, raftIndex });
    if (this.#seen.length > KEPT) this.#seen.shift();
  }
}

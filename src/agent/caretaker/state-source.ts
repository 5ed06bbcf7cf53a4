import { sightOf } from '../../cluster/agent-sight.ts';
import { type AgentReport, assembleState } from '../../cluster/assemble-state.ts';
import type { HistoryEntry, OperationVersions, Slot } from '../../cluster/caretaking.ts';
import { CorruptSeen } from '../../cluster/corrupt-seen.ts';
import { ForeignHands } from '../../cluster/foreign-hands.ts';
import { foreignSigns } from '../../cluster/foreign-signs.ts';
import { LeaderSlowness } from '../../cluster/leader-slowness.ts';
import type { Observation } from '../../cluster/observation.ts';
import { isReady } from '../../cluster/readiness.ts';
import { RevisionHistory } from '../../cluster/revision-history.ts';
import type { ClusterSection } from '../../cluster/sections.ts';
import { Silences } from '../../cluster/silences.ts';
import { HeldCondition, StableValue } from '../../cluster/stability.ts';
import type { ClusterState } from '../../cluster/state.ts';
import type { JournalMirror } from '../../journal/mirror.ts';
import { newestClaim } from '../../lead/spare-claims.ts';
import { readLocalPause } from '../../operate/local-pause.ts';
import type { CaretakerOptions } from './options.ts';
import { byOwnClock } from './own-clock.ts';
import { type PeerAgent, peerReports } from './peer-reports.ts';
import { type Marks, StoreMarks } from './store-marks.ts';

/** A round of observation is as good as a look now for so long after its end. */
const FRESH_MS = 500;

export interface StateSourceOptions {
  readonly caretaker: CaretakerOptions;
  readonly mirror: JournalMirror;
  readonly memberId: string;
  readonly ownOperations: OperationVersions;
  /** The journal's history with what this agent could not write there. */
  readonly complete: (history: readonly HistoryEntry[]) => readonly HistoryEntry[];
  /** When entries that this agent has added ended, by revision and its monotonic clock. */
  readonly ended: () => ReadonlyMap<bigint, number>;
  /** Of the own term, while this agent leads. */
  readonly epoch: () => bigint | undefined;
}

/**
 * Puts the state of the cluster together, anew each time it is asked for: the members as they are now, what each agent
 * observes, the journal, and what only this process remembers. It remembers in every agent, so that a new leader does not
 * begin to count from nothing.
 */
export class StateSource {
  readonly #options: StateSourceOptions;
  readonly #marks: StoreMarks;
  readonly #revisions: RevisionHistory;
  readonly #term = new StableValue<bigint>();
  readonly #members = new StableValue<string>();
  readonly #ready = new HeldCondition();
  readonly #slowness = new LeaderSlowness();
  readonly #hands = new ForeignHands();
  readonly #silences = new Silences();
  readonly #corrupt = new CorruptSeen();
  /** The newest record of the agent beside each member, also of those that are not registered any more. */
  readonly #seen = new Map<string, PeerAgent>();
  /** Of the round of observation whose figures were compared last. */
  #compared = -1;
  #remembered = { termStableSeconds: 0, membersStableSeconds: 0, readySeconds: 0 };

  constructor(options: StateSourceOptions) {
    this.#options = options;
    const { settings, client } = options.caretaker;
    this.#marks = new StoreMarks(client);
    this.#revisions = new RevisionHistory({
      keepMs: Math.max(settings.compaction.keepMs, settings.nospace.compactOlderThanMs),
    });
  }

  /** For how long every voter has had an agent and health, as this agent saw it. */
  get readySeconds(): number {
    return this.#remembered.readySeconds;
  }

  /** CORRUPT was raised, as this agent saw it, and nothing in the history says what it was about. */
  get isCorruptOpen(): boolean {
    const { mirror, complete } = this.#options;
    return this.#corrupt.isOpen(complete(mirror.snapshot.history));
  }

  /** Takes in an observation: to be called with each one. */
  take(observation: Observation): void {
    const cluster = observation.sections.cluster?.value;
    if (cluster !== undefined) this.#remember(cluster, performance.now());
  }

  /**
   * The state as it is now; or, to decide on, with the members as the round of observation saw them that has just ended:
   * what decides whether something is begun is looked at again before each step. Throws `EtcdError` where nobody says
   * which members there are.
   */
  async observe(signal: AbortSignal, use: 'now' | 'newest round' = 'now'): Promise<ClusterState> {
    const { caretaker, mirror, ownOperations, epoch, complete, ended } = this.#options;
    const cluster =
      (use === 'newest round' ? newestRound(caretaker.observation()) : undefined) ??
      (await caretaker.freshCluster(signal));
    const [reports, marks] = await Promise.all([this.#reports(cluster, signal), this.#storeMarks(signal)]);
    const monotonicMs = performance.now();
    this.#remember(cluster, monotonicMs);
    const nowMs = Date.now();
    const { slot, history, arrivedAtMonotonicMs, ...rest } = mirror.snapshot;
    const arrived = new Map([...arrivedAtMonotonicMs, ...ended()]);
    const journal = { ...rest, history: byOwnClock(complete(history), arrived, { nowMs, monotonicMs }) };
    const own = epoch();
    const durableRevision = caretaker.durableRevision?.();
    const backupTrouble = caretaker.backupTrouble?.();
    const podSet = caretaker.podSet?.();
    const unprotectedSeconds = caretaker.unprotectedSeconds?.();
    const state = assembleState({
      nowMs,
      monotonicMs,
      cluster,
      reports,
      journal: slot === undefined ? journal : { ...journal, slot: slot.slot },
      ...(own === undefined ? {} : { epoch: own }),
      ownOperations,
      ...(durableRevision === undefined ? {} : { durableRevision }),
      ...(backupTrouble === undefined ? {} : { backupTrouble }),
      ...(podSet === undefined ? {} : { podSet }),
      ...(unprotectedSeconds === undefined ? {} : { unprotectedSeconds }),
      silences: this.#silences.told(cluster.members, reports, caretaker.settings.heal.replaceAfterMs / 1000),
      revisions: this.#revisions.samples(monotonicMs),
      ...this.#remembered,
      foreign: [],
      kubernetesCompacts: marks.kubernetesCompacts,
    });
    return this.#judge(state, marks);
  }

  /** What only a comparison of rounds tells. */
  #judge(state: ClusterState, marks: Marks): ClusterState {
    const { settings } = this.#options.caretaker;
    const { factor, minFsyncMs, minRttMs } = settings.moveLeader;
    const limits = { factor, minFsyncSeconds: minFsyncMs / 1000, minRttSeconds: minRttMs / 1000 };
    const { rounds } = this.#options.caretaker.observation();
    const isAnew = rounds !== this.#compared;
    this.#compared = rounds;
    const hands = this.#hands.round({ ...state, slot: state.slot ?? this.#recovery(state) });
    return {
      ...state,
      foreign: foreignSigns({ ...state, armed: state.armed, marks: marks.keys, hands }),
      leaderWorstRounds: this.#slowness.round(state.members, state.leaderId, limits, isAnew),
    };
  }

  /** Under NOSPACE what is done stands in no slot; whoever does it, it is one of the agents. */
  #recovery({ alarms }: ClusterState): Pick<Slot, 'operation'> | undefined {
    const claimed = newestClaim(this.#options.mirror.snapshot) !== undefined;
    return claimed || alarms.some(({ alarm }) => alarm === 'NOSPACE') ? { operation: 'nospace' } : undefined;
  }

  #remember(cluster: ClusterSection, monotonicMs: number): void {
    const { snapshot } = this.#options.mirror;
    const revision = cluster.members.reduce((most, { status }) => {
      const seen = status?.revision ?? 0n;
      return seen > most ? seen : most;
    }, 0n);
    this.#silences.look(cluster.members, monotonicMs);
    if (revision > 0n) this.#revisions.add(monotonicMs, revision);
    this.#corrupt.look(cluster, revision);
    const ids = cluster.members.map(({ id, isLearner }) => `${id}${isLearner ? ' learner' : ''}`).toSorted();
    this.#remembered = {
      termStableSeconds: this.#term.look(cluster.raftTerm ?? 0n, monotonicMs),
      membersStableSeconds: this.#members.look(ids.join(), monotonicMs),
      readySeconds: this.#ready.look(snapshot.connected && isReady(cluster, snapshot.agents), monotonicMs),
    };
  }

  async #reports(cluster: ClusterSection, signal: AbortSignal): Promise<ReadonlyMap<string, AgentReport>> {
    const { caretaker, mirror, memberId } = this.#options;
    const { agents, places } = mirror.snapshot;
    for (const place of places) if (!this.#seen.has(place.memberId)) this.#seen.set(place.memberId, place);
    for (const agent of agents) this.#seen.set(agent.memberId, agent);
    // An agent that was started again while etcd is full cannot register; it answers where it did before.
    const listed = cluster.members.flatMap(({ id }) => (id === memberId ? [] : (this.#seen.get(id) ?? [])));
    const others = [...listed, ...agents.filter(({ candidate }) => candidate !== undefined)];
    const { fetchAgent, readTimeoutMs, events } = caretaker;
    const [reports, localPause] = await Promise.all([
      peerReports(others, cluster.voters, { fetchAgent, timeoutMs: readTimeoutMs, onFault: events.onFault }, signal),
      readLocalPause(caretaker.pauseFile, Date.now()),
    ]);
    const { sections, observedAtMonotonicMs } = caretaker.observation();
    const own: AgentReport = {
      sight: sightOf(sections, cluster.voters, caretaker.own?.()),
      ageSeconds: (performance.now() - observedAtMonotonicMs) / 1000,
      ...(localPause === undefined ? {} : { localPause }),
    };
    return new Map([...reports, [memberId, own]]);
  }

  /** A store that cannot be looked through hides a caretaker, but nothing is done without a quorum anyway. */
  async #storeMarks(signal: AbortSignal): Promise<Marks> {
    const { readTimeoutMs, events } = this.#options.caretaker;
    return this.#marks.current(readTimeoutMs, signal).catch((error: unknown) => {
      if (!signal.aborted) events.onFault('marks of other caretakers', error);
      return { keys: [], kubernetesCompacts: true };
    });
  }
}

/** The members as they were seen a moment ago, if they were: asking all of them again would only cost calls. */
function newestRound({ sections, observedAtMonotonicMs }: Observation): ClusterSection | undefined {
  return performance.now() - observedAtMonotonicMs <= FRESH_MS ? sections.cluster?.value : undefined;
}

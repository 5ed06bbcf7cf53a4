import type { Observation, SectionName } from './observation.ts';
import type { Sections } from './sections.ts';

/**
 * What a cause may be, in the order in which a person should read them: first what stops etcd, then what slows it down, then
 * what will; among equals what lies deeper before what comes of it. docs/verdicts.md says what each rests on.
 */
export const causeNames = [
  'quorum-lost',
  'data-corrupt',
  'data-gone',
  'quota-exceeded',
  'disk-full',
  'disk-hung',
  'certificate-expired',
  'process-stopped',
  'process-down',
  'removed',
  'machine-gone',
  'defragmentation-under-way',
  'memory-pressure',
  'cpu-throttled',
  'cpu-starved',
  'network-cut-to-peer',
  'partitioned',
  'partitioned-one-way',
  'member-unreachable',
  'starved',
  'disk-slow-neighbour',
  'disk-slow-device',
  'too-many-leases',
  'too-many-watchers',
  'heavy-writes',
  'heavy-ranges',
  'snapshot-under-way',
  'disk-slow-own-load',
  'etcd-io-limited',
  'network-slow-to-all',
  'network-slow-to-peer',
  'clock-off',
  'quota-running-out',
  'client-timeouts',
  'election-timeout-short',
  'certificate-expiring',
  'version-hazard',
  'quota-setting-unfit',
  'auto-compaction-off',
] as const;

/** The label `verdict` of the metric `diagnosis`. */
export type CauseName = (typeof causeNames)[number];

/** How sure it is: `certain`: seen itself; `likely`: what was measured fits nothing else; `possible`: a guess worth a look. */
export type Confidence = 'certain' | 'likely' | 'possible';

/** One cause of what is wrong, as a person reads it. */
export interface Cause {
  readonly verdict: CauseName;
  /** The member that suffers from it; absent where the whole cluster does. */
  readonly member?: string;
  readonly confidence: Confidence;
  /** What was measured, with numbers and units; one sentence without a full stop each. Never empty. */
  readonly evidence: readonly string[];
  /** What a person should do first. */
  readonly firstStep: string;
}

/** A cause that holds: found now, or so shortly ago that it is not over yet. */
export interface HeldCause extends Cause {
  /** 1 is what a person should read first. */
  readonly rank: number;
  /** Wall clock, ms since the epoch. */
  readonly sinceMs: number;
  /** Monotonic clock of the agent's process, ms: when it was last found. */
  readonly foundAtMonotonicMs: number;
  /** Another cause that holds brings this one about. */
  readonly explainedBy?: CauseName;
}

/** What one agent has to say of causes; a part of its observation. */
export interface DiagnosisView {
  /** The first is what to read first. Empty: nothing is wrong that it knows of. */
  readonly causes: readonly HeldCause[];
  /** How many rounds of observation it rests on. */
  readonly looks: number;
}

/** What diagnosing keeps of one round of observation. */
export interface Look {
  /** The configured name of the own member. */
  readonly member: string;
  /** Monotonic clock of the agent's process, ms. */
  readonly atMonotonicMs: number;
  /** Wall clock, ms since the epoch. */
  readonly atMs: number;
  /** What each collector read in that round; one that failed is absent. */
  readonly values: { readonly [K in SectionName]?: Sections[K] };
  /** Codes of the collectors that failed, as `ETCD_UNREACHABLE`. */
  readonly faults: { readonly [K in SectionName]?: string };
  readonly own?: Observation['own'];
  readonly caretaking?: Pick<NonNullable<Observation['caretaking']>, 'judged' | 'slot'>;
  /** A full snapshot is being taken by this agent. */
  readonly fullUnderWay?: boolean;
}

/** Takes out of an observation what diagnosing needs; totals of the keyspace at other depths are the largest part of the rest. */
export function lookOf(observation: Observation): Look {
  const { member, observedAtMs, observedAtMonotonicMs, sections, own, caretaking, backups } = observation;
  const values: { [K in SectionName]?: Sections[K] } = {};
  const faults: { [K in SectionName]?: string } = {};
  for (const [name, reading] of Object.entries(sections)) {
    // A section and its reading belong together by their type; the map of all of them cannot express that.
    if (reading.value !== undefined) Object.assign(values, { [name]: reading.value });
    else if (reading.fault !== undefined) Object.assign(faults, { [name]: reading.fault.code });
  }
  return {
    member,
    atMonotonicMs: observedAtMonotonicMs,
    atMs: observedAtMs,
    values: values.keyspace === undefined ? values : { ...values, keyspace: { ...values.keyspace, levels: [] } },
    faults,
    ...(own === undefined ? {} : { own }),
    ...(caretaking === undefined ? {} : { caretaking: acting(caretaking) }),
    ...(backups?.fullUnderWay === undefined ? {} : { fullUnderWay: true }),
  };
}

function acting({ judged, slot }: NonNullable<Observation['caretaking']>): NonNullable<Look['caretaking']> {
  return { judged, ...(slot === undefined ? {} : { slot }) };
}

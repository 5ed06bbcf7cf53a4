import type { SectionName } from '../cluster/observation.ts';
import type { Sections } from '../cluster/sections.ts';
import type { Sources } from './sources.ts';

/** One round of observation, as a collector sees it. */
export interface Round {
  /** Wall clock at the start of the round, in ms since the epoch. */
  readonly startedAtMs: number;
  /** Aborted at the collector's deadline and when the agent stops. */
  readonly signal: AbortSignal;
  /** What several collectors need, asked for once a round. */
  readonly sources: Sources;
}

/**
 * One subject of observation, one file. The runner times it, ends its wait at the deadline and reports its success; a
 * collector that throws fails alone. It never runs external commands, and it never imports another collector.
 */
export interface Collector<K extends SectionName = SectionName> {
  readonly name: K;
  /** Overrides the runner's deadline (ms). */
  readonly deadlineMs?: number;
  /** Read at most this often (ms); between, its newest reading stands. Absent: every round. */
  readonly everyMs?: number;
  /** Begins background work, if any; called once before the first round. */
  readonly start?: () => void;
  /** Reads the subject. Throws an error with a `code` (see `AgentError`) where it cannot. */
  readonly collect: (round: Round) => Promise<Sections[K]>;
  /** Ends background work and removes what it left on disk. Called once. */
  readonly close?: () => Promise<void>;
}

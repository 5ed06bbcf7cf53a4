import type { EtcdLine } from '../../real/binaries.ts';

/** What is measured, and under what. */
export interface HealPlan {
  readonly version: EtcdLine;
  readonly writesPerSecond: number;
  readonly databaseBytes: number;
  readonly runs: number;
  readonly set: Readonly<Record<string, string>>;
}

/** One measurement: how long, and where the quorum was lost how much was missing. */
export interface Measured {
  readonly seconds: number;
  readonly missing?: number;
  readonly missingSeconds?: number;
  /** What the plan had said may be missing at most, in seconds; absent where none was seen. */
  readonly plannedSeconds?: number;
}

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
  /** How many the agents' plan had said at most; absent where there was none. */
  readonly planned?: number;
}

import type { Origin } from './config.ts';
import type { Problem } from './config-error.ts';

/** A value that somebody set. */
export interface Entry {
  readonly path: string;
  readonly value: unknown;
  readonly origin: Origin;
  /** Where each element of a list stands, if not all at `origin`. */
  readonly elementOrigins?: readonly Origin[];
}

/** What one source (file, environment, flags) says, and what is wrong with it. */
export interface SourceReading {
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
}

import type { Line } from './line.ts';

/** A block of the screen. */
export interface Section {
  /** How it is called where there is no room for it. */
  readonly name: string;
  readonly heading: Line;
  /** What there is, the most important first: one line each, and what explains it where there is room for all. */
  readonly groups: readonly (readonly Line[])[];
  /** With fewer groups it is not worth its place. */
  readonly least: number;
  /** What of it has no room beside the rest: `6 columns`. */
  readonly hidden?: string;
  /** 1 is the last that is left out. */
  readonly priority: number;
}

/** By what the members can be sorted; all but the name with the worst first. */
export const memberSorts = ['name', 'fsync', 'lag', 'quota', 'rtt'] as const;

/** By what the prefixes can be sorted, the largest first. */
export const prefixSorts = ['writes', 'bytes', 'keys'] as const;

/** What whoever looks has chosen to see. */
export interface View {
  readonly members: (typeof memberSorts)[number];
  readonly prefixes: (typeof prefixSorts)[number];
  /** The table that the arrow keys sort. */
  readonly chosen: 'members' | 'prefixes';
  /** Path elements of a prefix; absent: as the agent has it. */
  readonly depth?: number;
  readonly help: boolean;
}

/** What is seen before any key was pressed. */
export const firstView: View = { members: 'name', prefixes: 'writes', chosen: 'prefixes', help: false };

/** Of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What is drawn besides the parts. */
export interface FrameOptions {
  readonly view: View;
  /** The terminal shows Unicode. */
  readonly unicode: boolean;
  /** Somebody can press keys: a line says which. */
  readonly keys: boolean;
  /** The screen stands still since then, wall clock, ms; absent: it does not. */
  readonly pausedAtMs?: number;
}

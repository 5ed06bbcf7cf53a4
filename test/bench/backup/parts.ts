import type { FilledMembers } from './filled-members.ts';
import type { WrittenBackups } from './written-backups.ts';

/** What the parts of a run share, so that nothing large is made twice. */
export interface Shared {
  readonly members: FilledMembers;
  readonly backups: WrittenBackups;
}

/** A part of `npm run bench -- backup`, with the arguments behind it. */
export type Part = (args: readonly string[], shared: Shared) => Promise<void>;

import type { Encryption } from '../../backup/encryption.ts';
import type { Store } from '../../backup/store/store.ts';
import type { BackupKeeperOptions } from './options.ts';
import type { BackupTally } from './tally.ts';

/** What full snapshots of a timeline are taken with. */
export interface FullsOptions {
  readonly keeper: BackupKeeperOptions;
  /** Those of the timeline. */
  readonly stores: readonly Store[];
  readonly timeline: string;
  /** Whose timeline it is, lower-case hex. */
  readonly clusterId: string;
  readonly epoch: bigint;
  /** Of the own member. */
  readonly memberId: string;
  readonly tally: BackupTally;
  /** Gives it as it is configured then; absent: none. Throws `RECIPIENT_UNREADABLE`. */
  readonly encryption?: () => Promise<Encryption>;
}

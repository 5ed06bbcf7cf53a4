import type { FullOptions } from '../../backup/full/take-full.ts';
import type { Config } from '../../config/config.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { JournalKeys } from '../../journal/keys.ts';

/** What backups tell as it happens. None may throw. */
export interface BackupEvents {
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Something that has to be done was not possible; repeated ones are folded by whoever writes them down. */
  readonly onFault: (what: string, error: unknown) => void;
  readonly onChange: () => void;
}

/** What the part of an agent that backs up needs. */
export interface BackupKeeperOptions {
  readonly config: Config['backup'];
  readonly clusterName: string;
  /** Name of the own member. */
  readonly member: string;
  /** Of the own member. */
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  /**
   * The client of the member that a full snapshot is to be taken of now. Throws `SNAPSHOT_SOURCE_DIFFERS` where none may be.
   * @param ownId of the own member
   */
  readonly snapshotClient: (ownId: string) => FullOptions['client'];
  readonly events: BackupEvents;
}

import type { PlaceOwner } from '../../backup/store/claim.ts';
import type { Config } from '../../config/config.ts';

/** All that a drill needs to know: plain data, no secrets, only paths to them. */
export interface DrillPlan {
  readonly config: Config;
  /** Whose backups. */
  readonly owner: PlaceOwner;
  /** Which of `backup.store`, from 0. */
  readonly store: number;
  /** Folder of the etcd that it is restored with; left out: the one that is found as ever. */
  readonly binaries?: string;
}

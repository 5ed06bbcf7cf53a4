import type { OperationName } from '../cluster/caretaking.ts';
import { compactionPolicy } from './compaction.ts';
import { defragPolicy } from './defrag.ts';
import { drillPolicy } from './drill.ts';
import { hashCheckPolicy } from './hash-check.ts';
import { joinPolicy } from './join.ts';
import { leavePolicy } from './leave.ts';
import { memberUpdatePolicy } from './member-update.ts';
import { moveLeaderPolicy } from './move-leader.ts';
import { nospacePolicy } from './nospace.ts';
import type { Policy } from './policy.ts';
import { releasePolicy } from './release.ts';
import { replacePolicy } from './replace.ts';
import { restartPolicy } from './restart.ts';
import { rolloutPolicy } from './rollout.ts';
import { snapshotPolicy } from './snapshot.ts';
import { upgradePolicy } from './upgrade.ts';

/** Every policy by the name of its operation; `operationNames` has their order. */
export const policies: Readonly<Record<OperationName, Policy>> = {
  nospace: nospacePolicy,
  replace: replacePolicy,
  release: releasePolicy,
  join: joinPolicy,
  leave: leavePolicy,
  'member-update': memberUpdatePolicy,
  restart: restartPolicy,
  upgrade: upgradePolicy,
  rollout: rolloutPolicy,
  compaction: compactionPolicy,
  defrag: defragPolicy,
  'move-leader': moveLeaderPolicy,
  'hash-check': hashCheckPolicy,
  snapshot: snapshotPolicy,
  drill: drillPolicy,
};

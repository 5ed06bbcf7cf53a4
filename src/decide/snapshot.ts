import { clusterTrouble } from './fitness.ts';
import { act, because, hold, isSome, type Policy } from './policy.ts';

const policy = 'snapshot';

/**
 * A full snapshot beside those of the schedule, for a person who asks. Those are taken without the slot, whatever is under
 * way: they change nothing in the cluster.
 */
export const snapshotPolicy: Policy = (state, { backups }, asked) => {
  if (backups.stores === 0) return hold(policy, [because('NO_STORE', 'no backup.store is configured')]);
  if (asked === undefined) {
    if (state.backupTrouble !== undefined) {
      return hold(policy, [because('BACKUPS_FAIL', `backups do not get on: ${state.backupTrouble}`)], true);
    }
    const message = `full snapshots are taken at "${backups.fullSchedule.text}", beside all operations; this is for those that a person asks for`;
    return hold(policy, [because('BY_SCHEDULE', message)]);
  }
  if (asked.target !== undefined) {
    const message = 'which member a snapshot is taken of is chosen then: it takes no member';
    return hold(policy, [because('TARGET_UNKNOWN', message)]);
  }
  const trouble = clusterTrouble(state);
  if (isSome(trouble)) return hold(policy, trouble);
  return act(
    policy,
    [because('SNAPSHOT_DUE', 'a full snapshot is to be taken')],
    { targets: [], parameters: {} },
    asked,
  );
};

import type { OperationName, OperationVersions } from '../cluster/caretaking.ts';
import type { AskedAgents, SnapshotTaker } from './backup-ports.ts';
import { compactionOperation } from './compaction.ts';
import { defragOperation } from './defrag.ts';
import { drillOperation } from './drill.ts';
import type { Effects, Reads } from './effects.ts';
import { hashCheckOperation } from './hash-check.ts';
import { joinOperation } from './join.ts';
import { leaveOperation } from './leave.ts';
import { memberUpdateOperation } from './member-update.ts';
import { moveLeaderOperation } from './move-leader.ts';
import { nospaceOperation } from './nospace.ts';
import type { Operation } from './operation.ts';
import type { PodSetPort } from './pod-set-port.ts';
import { releaseOperation } from './release.ts';
import { replaceOperation } from './replace.ts';
import { restartOperation } from './restart.ts';
import { rolloutOperation } from './rollout.ts';
import { snapshotOperation } from './snapshot.ts';
import type { OperateTiming } from './timing.ts';
import { upgradeOperation } from './upgrade.ts';

/** Every operation by its name. */
export function allOperations(parts: {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
  /** Consent to the outage of a cluster without a spare: `maintenance.defrag.withoutSpare`. */
  readonly withoutSpare: boolean;
  /** The same where members are started again: `maintenance.restart.withoutSpare`. */
  readonly restartWithoutSpare: boolean;
  readonly backups: SnapshotTaker;
  readonly agents: AskedAgents;
  /** Absent where this agent is in no pod of a StatefulSet. */
  readonly pods?: PodSetPort;
}): Readonly<Record<OperationName, Operation>> {
  return {
    nospace: nospaceOperation(parts),
    replace: replaceOperation(parts),
    release: releaseOperation(parts),
    join: joinOperation(parts),
    leave: leaveOperation(parts),
    'member-update': memberUpdateOperation(parts),
    restart: restartOperation(parts),
    upgrade: upgradeOperation(parts),
    rollout: rolloutOperation(parts),
    compaction: compactionOperation(parts),
    defrag: defragOperation(parts),
    'move-leader': moveLeaderOperation(parts),
    'hash-check': hashCheckOperation(parts),
    snapshot: snapshotOperation(parts),
    drill: drillOperation(parts),
  };
}

/** What an agent tells the others that it can go on with. */
export function versionsOf(operations: Readonly<Record<OperationName, Operation>>): OperationVersions {
  return Object.fromEntries(Object.values(operations).map(({ name, version }) => [name, version]));
}

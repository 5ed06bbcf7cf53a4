import { kubernetesMinor } from '../cluster/kubernetes-etcd.ts';
import type { Config } from '../config/config.ts';
import type { DecideSettings } from '../decide/settings.ts';

/** What the policies need of the configuration. */
export function decideSettings({ mode, cluster, maintenance, backup, heal }: Config): DecideSettings {
  const { compaction, defrag, nospace, moveLeader, hashCheck, restart } = maintenance;
  const kubernetes = kubernetesMinor(cluster.kubernetes ?? '');
  return {
    mode,
    ...(kubernetes === undefined ? {} : { kubernetesMinor: kubernetes }),
    policies: {
      nospace: nospace.mode,
      replace: heal.mode,
      release: heal.mode,
      join: heal.mode,
      leave: heal.mode,
      'member-update': heal.mode,
      restart: restart.mode,
      upgrade: restart.mode,
      rollout: restart.mode,
      compaction: compaction.mode,
      defrag: defrag.mode,
      'move-leader': moveLeader.mode,
      'hash-check': hashCheck.mode,
      snapshot: backup.full.mode,
      drill: backup.drill.mode,
    },
    armAfterMs: maintenance.armAfterMs,
    settleMs: defrag.settleMs,
    operationsPerDay: maintenance.operationsPerDay,
    breakerFailures: maintenance.breakerFailures,
    windows: maintenance.windows,
    compaction: {
      keepMs: compaction.keepMs,
      keepRevisions: compaction.keepRevisions,
      minRevisions: compaction.minRevisions,
      coolDownMs: compaction.coolDownMs,
    },
    defrag: {
      minReclaimableBytes: defrag.minReclaimableBytes,
      minReclaimableRatio: defrag.minReclaimableRatio,
      quotaPressureRatio: defrag.quotaPressureRatio,
      coolDownMs: defrag.coolDownMs,
      maxPauseMs: defrag.maxPauseMs,
      withoutSpare: defrag.withoutSpare,
    },
    nospace: { compactOlderThanMs: nospace.compactOlderThanMs, disarmBelowRatio: nospace.disarmBelowRatio },
    moveLeader: {
      factor: moveLeader.factor,
      minFsyncMs: moveLeader.minFsyncMs,
      minRttMs: moveLeader.minRttMs,
      rounds: moveLeader.rounds,
      coolDownMs: moveLeader.coolDownMs,
    },
    restart: { withoutSpare: restart.withoutSpare },
    hashCheck: { everyMs: hashCheck.everyMs, maxStallMs: hashCheck.maxStallMs },
    backups: {
      stores: backup.store.length,
      fullSchedule: backup.full.schedule,
      drillSchedule: backup.drill.schedule,
    },
    heal: { replaceAfterMs: heal.replaceAfterMs, maxPerDay: heal.maxPerDay, withoutBackup: heal.withoutBackup },
  };
}

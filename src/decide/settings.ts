import type { OperationName } from '../cluster/caretaking.ts';
import type { ConfiguredSchedule } from './due-since.ts';

/** Whether a policy does nothing, publishes what it would do, or acts. */
export type PolicyMode = 'off' | 'plan' | 'auto';

/** A time in which maintenance that can be felt may be done: from each match of `start` on, for `durationMs`. */
export interface MaintenanceWindow {
  /** Five fields, as in crontab. */
  readonly start: string;
  readonly durationMs: number;
  /** IANA name; UTC unless said. */
  readonly timezone: string;
  /** As somebody wrote it. */
  readonly text: string;
}

/** What the policies need of the configuration. */
export interface DecideSettings {
  /** `plan` beats a policy's `auto`. */
  readonly mode: 'auto' | 'plan';
  /** Minor version of the Kubernetes that etcd serves: 31 of 1.31. Absent: none that anybody has named. */
  readonly kubernetesMinor?: number;
  readonly policies: Readonly<Record<OperationName, PolicyMode>>;
  /** How long every voter must have had an agent and health before anything is done for the first time. */
  readonly armAfterMs: number;
  /** How long ago the last election and the last change of the member list must be. */
  readonly settleMs: number;
  /** Operations in 24 hours, those of people and NOSPACE recovery not counted. */
  readonly operationsPerDay: number;
  /** Failures of one policy in a row after which it stops until somebody says `resume`. */
  readonly breakerFailures: number;
  /** None: always. */
  readonly windows: readonly MaintenanceWindow[];
  readonly compaction: {
    /** Revisions younger than this stay. */
    readonly keepMs: number;
    /** So many newest revisions stay in any case. */
    readonly keepRevisions: number;
    /** Fewer revisions than this are not worth a compaction. */
    readonly minRevisions: number;
    readonly coolDownMs: number;
  };
  readonly defrag: {
    /** Both must be reached. */
    readonly minReclaimableBytes: number;
    readonly minReclaimableRatio: number;
    /** Above this share of the quota half of both thresholds is enough. */
    readonly quotaPressureRatio: number;
    readonly coolDownMs: number;
    /** A longer predicted pause of one member waits for a window. */
    readonly maxPauseMs: number;
    /** Consent to the outage of clusters of one or two voters, which have no spare. */
    readonly withoutSpare: boolean;
  };
  readonly nospace: {
    /** Revisions recorded so long ago are compacted. */
    readonly compactOlderThanMs: number;
    /** Members must be below this share of their quota before the alarm is disarmed. */
    readonly disarmBelowRatio: number;
  };
  readonly moveLeader: {
    /** Its WAL fsync p99 or worst round trip must be so many times the median of the others… */
    readonly factor: number;
    /** …and the fsync at least so slow, */
    readonly minFsyncMs: number;
    /** or the round trip, */
    readonly minRttMs: number;
    /** for so many rounds in a row. */
    readonly rounds: number;
    readonly coolDownMs: number;
  };
  readonly restart: {
    /** Consent to the outage of clusters of one or two voters while one is started again. */
    readonly withoutSpare: boolean;
  };
  readonly hashCheck: {
    readonly everyMs: number;
    /** HashKV blocks writes through its member: a longer predicted stall waits for a window, or for good. */
    readonly maxStallMs: number;
  };
  readonly backups: {
    /** How many stores are configured; 0: nothing is backed up. */
    readonly stores: number;
    readonly fullSchedule: ConfiguredSchedule;
    readonly drillSchedule: ConfiguredSchedule;
  };
  readonly heal: {
    /** So long a member must have been dead; one whose data are known to be gone is not waited for. */
    readonly replaceAfterMs: number;
    /** Members replaced in 24 hours. */
    readonly maxPerDay: number;
    /** Consent to replacing members without a backup that is young enough. */
    readonly withoutBackup: boolean;
  };
}

import { recoveryPoints } from '../../backup/delta/unprotected.ts';
import type { Store } from '../../backup/store/store.ts';
import type { BackupStoreView, BackupView } from '../../cluster/backup-view.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { BackupIntervals } from './intervals.ts';
import type { BackupTally } from './tally.ts';
import { storedStatus, type TimelineWork } from './timeline-work.ts';

/** What a view is made of. */
export interface ViewedBackups {
  readonly work: TimelineWork | undefined;
  readonly timeline: string | undefined;
  readonly fault: Fault | undefined;
  /** The whole of each, in the order of the configuration. */
  readonly stores: readonly Store[];
  readonly tally: BackupTally;
  readonly intervals: BackupIntervals;
}

/** What is to be seen of backups now. @param nowMs wall clock */
export function backupView(
  { work, timeline, fault, stores, tally, intervals }: ViewedBackups,
  nowMs: number,
): BackupView {
  const status = storedStatus(work);
  const newestFull = work?.fulls?.newest;
  const { underWay } = work?.fulls ?? {};
  const captureFault = status?.capture.fault;
  return {
    working: work !== undefined,
    ...(timeline === undefined ? {} : { timeline }),
    ...(fault === undefined ? {} : { fault }),
    ...(captureFault === undefined ? {} : { captureFault }),
    ...(underWay === undefined ? {} : { fullUnderWay: underWay }),
    ...(newestFull === undefined
      ? {}
      : { newestFull: { revision: newestFull.revision, startedAtMs: newestFull.startedAtMs } }),
    ...(status === undefined
      ? {}
      : {
          spool: {
            ...{ bytes: status.spool.bytes, maxBytes: status.spool.maxBytes, durable: status.spool.durable },
            unprotected: recoveryPoints(status, nowMs, work?.fulls?.covers).spool,
          },
        }),
    kinds: (['full', 'delta', 'verify'] as const).map((kind) => tally.view(kind)),
    stores: stores.map((store, index) => storeView(store, work, index, nowMs)),
    ...intervals,
  };
}

/** Stores of the timeline have the order of the whole ones, and URLs of their own. */
function storeView(store: Store, work: TimelineWork | undefined, index: number, nowMs: number): BackupStoreView {
  const status = storedStatus(work);
  const own = status?.stores[index];
  const unprotected =
    status === undefined || own === undefined
      ? undefined
      : recoveryPoints(status, nowMs, work?.fulls?.covers).stores.get(own.store);
  const size = work?.fulls?.sizes[index];
  const provenAtMs = work?.fulls?.provenAtMs[index];
  return {
    url: store.url,
    ...(own?.lastStoredRevision === undefined ? {} : { storedRevision: own.lastStoredRevision }),
    ...(unprotected === undefined ? {} : { unprotected }),
    ...(size === undefined ? {} : { objects: size.objects, bytes: size.bytes }),
    ...(provenAtMs === undefined ? {} : { provenAtMs }),
    ...(own?.fault === undefined ? {} : { fault: own.fault }),
    requests: { ...store.requests },
  };
}

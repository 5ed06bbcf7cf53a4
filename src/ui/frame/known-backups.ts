import { type BackupFacts, backupFacts } from '../../expose/headline.ts';
import { newestOf, newestTimeOf } from '../live/member-history.ts';
import { isFault, type PartsOf } from '../live/parts.ts';

/** As the agent says that backs up; where it cannot be asked, the lag is in its history, and drills are in the journal. Pure. */
export function knownBackups({
  backups,
  histories,
  operations,
}: PartsOf<'backups' | 'histories' | 'operations'>): BackupFacts {
  const own = backups === undefined || isFault(backups) ? {} : backupFacts(backups);
  // Who is silent said it of then: the lag has grown since.
  const last = newestTimeOf(histories);
  const lags = histories.flatMap((history) => newestOf(history, 'backupLagSeconds', last) ?? []);
  const drills =
    operations === undefined || isFault(operations)
      ? []
      : operations.history.filter(({ operation, outcome }) => operation === 'drill' && outcome === 'succeeded');
  const provenAtMs = Math.max(own.provenAtMs ?? 0, ...drills.map(({ endedAtMs }) => Number(endedAtMs)));
  const lagSeconds = own.lagSeconds ?? (lags.length === 0 ? undefined : Math.min(...lags));
  return {
    ...(own.fault === undefined ? {} : { fault: own.fault }),
    ...(lagSeconds === undefined ? {} : { lagSeconds }),
    ...(provenAtMs === 0 ? {} : { provenAtMs }),
  };
}

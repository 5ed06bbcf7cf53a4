import { type BackupFacts, backupFacts } from '../../expose/headline.ts';
import { newestOf } from '../live/member-history.ts';
import { isFault, type PartsOf } from '../live/parts.ts';

/** Only the agent that backs up says it in its status; the others know the lag from its history, and drills from the journal. */
export function knownBackups({
  status,
  histories,
  operations,
}: PartsOf<'status' | 'histories' | 'operations'>): BackupFacts {
  const own = status === undefined ? {} : backupFacts(status);
  const lags = histories.flatMap((history) => newestOf(history, 'backupLagSeconds') ?? []);
  const drills =
    operations === undefined || isFault(operations)
      ? []
      : operations.history.filter(({ operation, outcome }) => operation === 'drill' && outcome === 'succeeded');
  const provenAtMs = Math.max(own.provenAtMs ?? 0, ...drills.map(({ endedAtMs }) => Number(endedAtMs)));
  const lagSeconds = own.lagSeconds ?? (lags.length === 0 ? undefined : Math.min(...lags));
  return {
    ...(lagSeconds === undefined ? {} : { lagSeconds }),
    ...(provenAtMs === 0 ? {} : { provenAtMs }),
  };
}

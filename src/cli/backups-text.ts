import type { AsJson } from '../expose/as-json.ts';
import type { Status } from '../expose/status.ts';
import { formatSpan } from './units.ts';

/** What a status says of backups; empty where none are configured. */
export function backupsText({ backups, leader }: AsJson<Status>, nowMs: number): string {
  if (backups === undefined) return '';
  return `Backups   ${backups.working ? working(backups, nowMs) : elsewhere(backups, leader)}\n`;
}

type Backups = NonNullable<AsJson<Status>['backups']>;

function working({ stores, newestFull, fullUnderWay }: Backups, nowMs: number): string {
  const taken =
    newestFull === undefined
      ? 'no full snapshot yet'
      : `full snapshot of revision ${newestFull.revision}, ${formatSpan(Math.max(0, nowMs - Number(newestFull.startedAtMs)) / 1000)} ago`;
  const now = fullUnderWay === undefined ? '' : '; one is being taken';
  return [`${taken}${now}`, ...stores.map(storeLine)].join('\n          ');
}

function storeLine({ url, storedRevision, unprotected, fault }: Backups['stores'][number]): string {
  const upTo = storedRevision === undefined ? 'nothing of the changes yet' : `all up to revision ${storedRevision}`;
  const lag =
    unprotected === undefined || unprotected.revisions === '0'
      ? ''
      : `, ${unprotected.revisions} revisions (${formatSpan(Number(unprotected.seconds))}) behind`;
  return `${url}: ${upTo}${lag}${fault === undefined ? '' : `; ${fault.message}`}`;
}

function elsewhere({ fault }: Backups, leader: AsJson<Status>['leader']): string {
  if (fault !== undefined) return `NONE: ${fault.message}`;
  return leader === undefined || leader.own
    ? 'none is under way'
    : `the agent beside ${leader.name} takes them; ask that one for more`;
}

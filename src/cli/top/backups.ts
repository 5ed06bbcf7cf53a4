import { formatSpan } from '../units.ts';
import { ago } from './figures.ts';
import { type Line, lineOf, type Style, span } from './line.ts';
import { faultOfPart, given, type Parts } from './parts.ts';
import type { Section } from './section.ts';

type Backups = NonNullable<ReturnType<typeof given<NonNullable<Parts['backups']>>>>;

/** How far the backups are, in one line, and below it each store where there is room; undefined where none are configured. */
export function backupsSection({ status, backups: part }: Parts, nowMs: number): Section | undefined {
  // The agent that leads is the one that backs up; what the asked one says of itself is worth less.
  const backups = given(part) ?? status?.backups;
  if (backups === undefined) return undefined;
  return {
    name: 'backups',
    heading: [
      span('BACKUPS ', 'title'),
      ...(backups.working ? working(backups, nowMs) : elsewhere(backups, status?.leader, faultOfPart(part))),
    ],
    groups: backups.working ? backups.stores.map((store) => [storeLine(store)]) : [],
    least: 0,
    priority: 6,
  };
}

function working({ stores, newestFull, fullUnderWay }: Backups, nowMs: number): Line {
  const full =
    newestFull === undefined
      ? span('no full snapshot yet', 'warn')
      : span(`full snapshot of revision ${newestFull.revision}, ${ago(Number(newestFull.startedAtMs), nowMs)} ago`);
  const now = fullUnderWay === undefined ? [] : [span('; one is being taken')];
  const failing = stores.filter(({ fault }) => fault !== undefined).length;
  const behindSeconds = Math.max(0, ...stores.map(({ unprotected }) => Number(unprotected?.seconds ?? 0)));
  const lag: readonly [string, Style] =
    failing > 0
      ? [`; ${failing} of ${stores.length} stores failing`, 'bad']
      : behindSeconds > 0
        ? [`; ${formatSpan(behindSeconds)} behind`, 'plain']
        : ['; all is stored', 'good'];
  return [full, ...now, span(...lag)];
}

function storeLine({ url, storedRevision, unprotected, fault }: Backups['stores'][number]): Line {
  const upTo = storedRevision === undefined ? 'nothing of the changes yet' : `up to revision ${storedRevision}`;
  const behind =
    unprotected === undefined || unprotected.revisions === '0' ? '' : `, ${unprotected.revisions} revisions behind`;
  return [span(`  ${url}: ${upTo}${behind}`), ...(fault === undefined ? [] : [span(`; ${fault.message}`, 'bad')])];
}

function elsewhere(
  { fault }: Backups,
  leader: NonNullable<Parts['status']>['leader'],
  unknown: string | undefined,
): Line {
  if (fault !== undefined) return lineOf(`NONE: ${fault.message}`, 'bad');
  if (leader === undefined || leader.own) return lineOf('none is under way', 'warn');
  return [
    span(`the agent beside ${leader.name} takes them`),
    ...(unknown === undefined ? [] : [span(`; how far is not known: ${unknown}`, 'warn')]),
  ];
}

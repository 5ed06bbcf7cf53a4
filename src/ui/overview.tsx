import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Backups } from './backups/backups.tsx';
import { DecisionsList } from './decisions/decisions.tsx';
import { HeadlineCard } from './frame/headline-card.tsx';
import { History } from './history/history.tsx';
import { LastHour } from './hour/last-hour.tsx';
import { Keyspace } from './keyspace/keyspace.tsx';
import type { PageState } from './live/page-store.ts';
import { Members } from './members/members.tsx';
import { RoundTrips } from './round-trips/round-trips.tsx';
import { Todo } from './todo/todo.tsx';
import type { Wanted } from './under-way/becomes.ts';
import { PauseBanner } from './under-way/pause-banner.tsx';
import { UnderWay } from './under-way/under-way.tsx';

interface OverviewProps {
  readonly state: PageState;
  /** What was asked for in this page. */
  readonly wanted: readonly Wanted[];
}

/** All that is known of the cluster. Each part is made anew only when what it shows has changed. */
export function Overview({ state: { parts, api, connection }, wanted }: OverviewProps): JSX.Element {
  const { status, members, decisions, operations, backups, keyspace, changes, histories } = parts;
  const todo = useMemo(
    () => <Todo status={status} members={members} backups={backups} decisions={decisions} />,
    [status, members, backups, decisions],
  );
  const underWay = useMemo(
    () => <UnderWay status={status} operations={operations} decisions={decisions} wanted={wanted} />,
    [status, operations, decisions, wanted],
  );
  const cards = useMemo(() => <Members status={status} members={members} />, [status, members]);
  const charts = useMemo(() => <LastHour histories={histories} />, [histories]);
  const matrix = useMemo(() => <RoundTrips members={members} histories={histories} />, [members, histories]);
  const reasons = useMemo(() => <DecisionsList decisions={decisions} />, [decisions]);
  const past = useMemo(() => <History operations={operations} changes={changes} />, [operations, changes]);
  const stores = useMemo(() => <Backups api={api} backups={backups} />, [api, backups]);
  const keys = useMemo(() => <Keyspace keyspace={keyspace} />, [keyspace]);
  return (
    <>
      <HeadlineCard parts={parts} connection={connection} />
      <div class="pair">
        {todo}
        {underWay}
      </div>
      <PauseBanner status={status} />
      {cards}
      {charts}
      <div class="quad">
        {matrix}
        {reasons}
        {past}
        {stores}
      </div>
      {keys}
    </>
  );
}

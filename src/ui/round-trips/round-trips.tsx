import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import { formatLatency } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { MemberBrief } from '../../expose/live/words.ts';
import { Empty, Section } from '../frame/section.tsx';
import type { MemberHistory } from '../live/member-history.ts';
import type { PartsOf } from '../live/parts.ts';
import { NamesContext } from '../words/names.ts';
import { shadeOf } from './shade.ts';
import { type Spark, sparkOf } from './spark.ts';

type Peer = AsJson<MemberBrief>['peers'][number];

/** How long a round trip takes from each member to each other one, and how it was in the last hour. */
export function RoundTrips({ members = [], histories }: PartsOf<'members' | 'histories'>): JSX.Element {
  const { ordered } = useContext(NamesContext);
  const peersOf = new Map(members.map(({ member, brief }) => [member, brief?.peers ?? []]));
  const silent = new Set(members.flatMap(({ member, silentSince }) => (silentSince === undefined ? [] : [member])));
  const isKnown = [...peersOf.values()].some((peers) => peers.length > 0);
  return (
    <Section id="round-trips" title="Round trips">
      {ordered.length < 2 ? (
        <Empty>There is only one member: nobody to reach.</Empty>
      ) : !isKnown ? (
        <Empty>No agent has measured a round trip yet.</Empty>
      ) : (
        <div class="scroll-x">
          <table class="matrix">
            <caption class="visually-hidden">
              Newest round trip from the member of the row to that of the column, and the last hour
            </caption>
            <thead>
              <tr>
                <td class="matrix-corner">from ↓ to →</td>
                {ordered.map((to) => (
                  <th key={to} scope="col">
                    {to}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ordered.map((from) => (
                <tr key={from}>
                  <th scope="row">{from}</th>
                  {ordered.map((to) => (
                    <Cell
                      key={to}
                      isSelf={from === to}
                      peer={peersOf.get(from)?.find(({ member }) => member === to)}
                      isOld={silent.has(from)}
                      spark={sparkFor(histories, from, to)}
                    />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

interface CellProps {
  readonly isSelf: boolean;
  readonly peer: Peer | undefined;
  /** The agent that measured it is silent. */
  readonly isOld: boolean;
  readonly spark: Spark | undefined;
}

function sparkFor(histories: readonly MemberHistory[], from: string, to: string): Spark | undefined {
  const history = histories.find(({ member }) => member === from);
  const values = history?.rttSeconds[to];
  return history === undefined || values === undefined ? undefined : sparkOf(history.times, values);
}

function Cell({ isSelf, peer, isOld, spark }: CellProps): JSX.Element {
  if (isSelf) return <td class="matrix-self">·</td>;
  if (isOld) return <td class="matrix-none">unknown</td>;
  if (peer === undefined) return <td class="matrix-none">unknown</td>;
  if (peer.rttSeconds === undefined || peer.rttSeconds === '+Inf') {
    return (
      <td class="matrix-fault" title={peer.fault}>
        {peer.fault === undefined ? 'not measured' : 'no answer'}
      </td>
    );
  }
  const skew =
    typeof peer.clockSkewSeconds === 'number'
      ? `clocks differ by ${formatLatency(Math.abs(peer.clockSkewSeconds))}`
      : undefined;
  const hour =
    spark === undefined
      ? undefined
      : `in the last hour ${formatLatency(spark.least)} to ${formatLatency(spark.most)}, the worst of each minute`;
  const title = [hour, skew].filter((part) => part !== undefined).join('; ');
  return (
    <td class="matrix-value number" style={{ '--shade-part': `${shadeOf(peer.rttSeconds)}%` }} title={title}>
      {formatLatency(peer.rttSeconds)}
      {spark === undefined ? undefined : (
        <svg class="spark" viewBox="0 0 60 12" preserveAspectRatio="none" aria-hidden="true">
          <path d={spark.path} />
        </svg>
      )}
    </td>
  );
}

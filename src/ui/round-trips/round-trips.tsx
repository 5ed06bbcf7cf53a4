import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import { formatLatency } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { MemberBrief } from '../../expose/live/words.ts';
import { Empty, Section } from '../frame/section.tsx';
import type { PartsOf } from '../live/parts.ts';
import { NamesContext } from '../words/names.ts';
import { shadeOf } from './shade.ts';

type Peer = AsJson<MemberBrief>['peers'][number];

/** How long a round trip takes from each member to each other one. */
export function RoundTrips({ members = [] }: PartsOf<'members'>): JSX.Element {
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
              Newest round trip from the member of the row to that of the column
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
}

function Cell({ isSelf, peer, isOld }: CellProps): JSX.Element {
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
  return (
    <td class="matrix-value number" style={{ '--shade-part': `${shadeOf(peer.rttSeconds)}%` }} title={skew}>
      {formatLatency(peer.rttSeconds)}
    </td>
  );
}

import type { JSX } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { Empty, Section } from '../frame/section.tsx';
import { type MemberHistory, newestOf, newestTimeOf } from '../live/member-history.ts';
import { NamesContext } from '../words/names.ts';
import { alignedSeries } from './align.ts';
import { Chart } from './chart.tsx';
import { type SeriesLook, seriesLooks } from './value-words.ts';

/** Charts of the last hour, from the memory of the agents. */
export function LastHour({ histories }: { readonly histories: readonly MemberHistory[] }): JSX.Element {
  const { ordered } = useContext(NamesContext);
  const isEmpty = histories.every(({ times }) => times.length === 0);
  return (
    <Section id="last-hour" title="Last hour" aside={<span class="meta">times in UTC</span>}>
      {isEmpty ? (
        <Empty>No agent has a sample yet.</Empty>
      ) : (
        <div class="charts">
          {seriesLooks.map((look) => (
            <Panel key={look.name} look={look} histories={histories} members={ordered} />
          ))}
        </div>
      )}
    </Section>
  );
}

interface PanelProps {
  readonly look: SeriesLook;
  readonly histories: readonly MemberHistory[];
  readonly members: readonly string[];
}

function Panel({ look, histories, members }: PanelProps): JSX.Element {
  const { name, title, text } = look;
  const data = useMemo(() => alignedSeries(histories, members, name), [histories, members, name]);
  const last = newestTimeOf(histories);
  const newest = members.flatMap((member, index) => {
    const history = histories.find((each) => each.member === member);
    const value = history === undefined ? undefined : newestOf(history, name, last);
    return value === undefined ? [] : [{ member, index, words: text(value) }];
  });
  const isKnown = data.slice(1).some((values) => values.some((value) => typeof value === 'number'));
  return (
    <figure class="card chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {newest.map(({ member, index, words }) => (
            <li key={member}>
              <span class={`swatch member-colour-${index % 8}`} aria-hidden="true" />
              {member} <span class="number">{words}</span>
            </li>
          ))}
        </ul>
      </figcaption>
      {isKnown ? (
        <Chart
          look={look}
          members={members}
          data={data}
          label={`${title} over the last hour; now ${newest.map(({ member, words }) => `${member} ${words}`).join(', ') || 'not known'}`}
        />
      ) : (
        <Empty>{emptyWords[name] ?? 'No agent has measured it in the last hour.'}</Empty>
      )}
    </figure>
  );
}

const emptyWords: Readonly<Partial<Record<SeriesLook['name'], string>>> = {
  backupLagSeconds: 'No agent backs up, or it has not said how far it is.',
  quotaUsedRatio: 'The quota is disabled or not known.',
};

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { HistoryEntry } from '../../cluster/caretaking.ts';
import { formatSpan } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { Icon, type IconName } from '../frame/icon.tsx';
import { Empty, Section } from '../frame/section.tsx';
import { isFault, type LiveParts, type PartsOf } from '../live/parts.ts';
import { Steps } from '../under-way/steps.tsx';
import { useNameOf } from '../words/names.ts';
import { fullTimeText, machineTime, momentText } from '../words/time-words.ts';
import { type HistoryLine, historyLines } from './history-lines.ts';

/** So many are shown at first. */
const FIRST = 10;

const icons: Readonly<Record<HistoryEntry['outcome'], IconName>> = {
  succeeded: 'good',
  stopped: 'warning',
  failed: 'bad',
  refused: 'warning',
};

/** What the agents have done, and what others have changed, the newest first. */
export function History({ operations, changes = [] }: PartsOf<'operations' | 'changes'>): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const lines = historyLines(operations === undefined || isFault(operations) ? [] : operations.history, changes);
  const shown = isWhole ? lines : lines.slice(0, FIRST);
  return (
    <Section id="history" title="History" aside={<span class="meta">times in UTC</span>}>
      {lines.length === 0 ? (
        <Empty>Nothing has happened since this agent started, as far as it knows.</Empty>
      ) : (
        <ul class="history">
          {shown.map((line) => (
            <Line key={line.key} line={line} />
          ))}
        </ul>
      )}
      {lines.length <= FIRST ? undefined : (
        <button type="button" class="quiet" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show less' : `Show all ${lines.length}`}
        </button>
      )}
    </Section>
  );
}

function Line({ line }: { readonly line: HistoryLine }): JSX.Element {
  return (
    <li class="history-line">
      <time class="number" title={fullTimeText(line.atMs)} dateTime={machineTime(line.atMs)}>
        {momentText(line.atMs, Date.now())}
      </time>
      {line.kind === 'operation' ? <Operation entry={line.entry} /> : <Change change={line.change} />}
    </li>
  );
}

function Operation({ entry }: { readonly entry: AsJson<HistoryEntry> }): JSX.Element {
  const nameOf = useNameOf();
  const { operation, outcome, targets, summary, seconds, steps, requestedBy, endedAtMs, code, holder, reasons } = entry;
  const title = (
    <>
      <strong>{operation}</strong>
      {targets.length === 0 ? '' : ` ${targets.map(nameOf).join(', ')}`} {outcome}
      {typeof seconds === 'number' && seconds >= 1 ? ` in ${formatSpan(seconds)}` : ''}: {summary}
    </>
  );
  return (
    <>
      <Icon name={icons[outcome]} />
      <div>
        {steps.length === 0 ? (
          <p>{title}</p>
        ) : (
          <details>
            <summary>{title}</summary>
            {reasons.length === 0 ? undefined : <p class="evidence">Why: {reasons.join('; ')}</p>}
            <Steps steps={steps} endMs={Number(endedAtMs)} />
          </details>
        )}
        <p class="meta">
          {requestedBy === undefined ? undefined : <span>asked for by {requestedBy}</span>}
          <span>by the agent beside {nameOf(holder)}</span>
          {code === undefined ? undefined : <code>{code}</code>}
        </p>
      </div>
    </>
  );
}

function Change({ change }: { readonly change: NonNullable<LiveParts['changes']>[number] }): JSX.Element {
  const isBad = change.kind === 'lost' || change.kind === 'alarm' || change.kind === 'quorum-lost';
  return (
    <>
      <Icon name={isBad ? 'bad' : 'info'} />
      <p>
        {change.message} {change.by === 'others' ? <span class="tag">not by the agents</span> : undefined}
      </p>
    </>
  );
}

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatSpan } from '../../cluster/units.ts';
import { type Headline, type HeadlineState, headlineOf } from '../../expose/headline.ts';
import type { LiveParts } from '../live/parts.ts';
import type { Connection } from '../live/stream.ts';
import { agoText } from '../words/time-words.ts';
import { Icon, type IconName } from './icon.tsx';
import { knownBackups } from './known-backups.ts';
import { useNow } from './now.ts';

const looks: Readonly<Record<HeadlineState, readonly ['good' | 'warning' | 'bad' | 'neutral', IconName]>> = {
  healthy: ['good', 'good'],
  unwell: ['bad', 'warning'],
  degraded: ['warning', 'warning'],
  nospace: ['bad', 'bad'],
  corrupt: ['bad', 'bad'],
  'quorum-lost': ['bad', 'bad'],
  unknown: ['neutral', 'unknown'],
};

interface HeadlineCardProps {
  readonly parts: LiveParts;
  readonly connection: Connection;
}

/** After so long without an answer nobody may take for true what was so before. */
const OUTDATED_MS = 10_000;

/** The cluster in one line: colour, word and picture say the same. */
export function HeadlineCard({ parts, connection }: HeadlineCardProps): JSX.Element {
  const now = useNow();
  const { status } = parts;
  const { state, word, text } =
    status === undefined
      ? { state: 'unknown' as const, word: 'Unknown', text: 'Unknown: this agent has not said anything yet.' }
      : outdated(headlineOf(status, now, knownBackups(parts)), connection);
  const [tone, icon] = looks[state];
  useEffect(() => {
    document.title = `${word} · ${status?.cluster.name ?? 'etcd-caretaker'}`;
  }, [word, status?.cluster.name]);
  return (
    // It is a status, but its ages change every second: what is read out is only what the line below says.
    <div id="headline" class={`headline tone-${tone}`} role="status" aria-live="off" data-state={state}>
      <Icon name={icon} />
      <div>
        <h1>
          <span class="headline-word">{word}</span>
          <span class="headline-rest">{text.slice(word.length)}</span>
        </h1>
        {status === undefined ? undefined : <Origin status={status} now={now} />}
      </div>
      <Announcement
        text={`${word}, ${status?.quorum?.votersReachable ?? '?'} of ${status?.quorum?.voters ?? '?'} voters answer`}
      />
    </div>
  );
}

/** What was true when the agent last answered may not be so now. */
function outdated(last: Headline, connection: Connection): Headline {
  if (connection.state === 'connecting' || connection.state === 'hidden') {
    // It may be of hours ago: nobody has looked since.
    return {
      state: 'unknown',
      word: 'Unknown',
      text: `Unknown: this agent is being asked. When it last answered: ${last.text}`,
    };
  }
  if (connection.state !== 'lost') return last;
  const silentMs = Date.now() - connection.sinceMs;
  if (silentMs < OUTDATED_MS) return last;
  const text = `Unknown: this agent has not answered for ${formatSpan(silentMs / 1000)}. When it last did: ${last.text}`;
  return { state: 'unknown', word: 'Unknown', text };
}

function Origin({
  status,
  now,
}: {
  readonly status: NonNullable<LiveParts['status']>;
  readonly now: number;
}): JSX.Element {
  const { cluster, agent } = status;
  const age = agent.observedAt === undefined ? 'not observed yet' : agoText(Date.parse(agent.observedAt), now);
  return (
    <p class="origin">
      Cluster <strong>{cluster.name}</strong>, seen by the agent beside <strong>{agent.member}</strong>, {age}
      {typeof cluster.listAgeSeconds === 'number'
        ? '. The member list is from its memory'
        : cluster.linearizable === false
          ? '. No quorum confirmed the member list'
          : ''}
    </p>
  );
}

/** Says to a screen reader what has become of the cluster, and nothing at first: then the headline is read anyway. */
function Announcement({ text }: { readonly text: string }): JSX.Element {
  const [said, setSaid] = useState('');
  const last = useRef(text);
  useEffect(() => {
    if (last.current !== text) setSaid(text);
    last.current = text;
  }, [text]);
  return (
    <span class="visually-hidden" aria-live="polite">
      {said}
    </span>
  );
}

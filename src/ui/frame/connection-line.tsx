import type { JSX } from 'preact';
import type { LiveParts } from '../live/parts.ts';
import type { Connection } from '../live/stream.ts';
import { agentLink } from '../words/agent-link.ts';
import { spanBetween } from '../words/time-words.ts';
import { Icon } from './icon.tsx';
import { useNow } from './now.ts';

interface ConnectionLineProps {
  readonly connection: Connection;
  readonly parts: LiveParts;
}

/** Whether what is shown is of now, and where to look if not. */
export function ConnectionLine({ connection, parts }: ConnectionLineProps): JSX.Element {
  const isLost = connection.state === 'lost';
  return (
    <div class={`connection connection-${connection.state}`} data-testid="connection">
      {isLost ? <Icon name="bad" /> : <span class="dot" aria-hidden="true" />}
      <span>{isLost ? <Lost sinceMs={connection.sinceMs} why={connection.why} /> : words[connection.state]}</span>
      {isLost ? <OtherAgents parts={parts} /> : undefined}
    </div>
  );
}

const words = {
  connecting: 'Connecting …',
  live: 'Live',
  hidden: 'Asleep while this tab is not seen',
  refused: 'Not logged in',
} as const;

function Lost({ sinceMs, why }: { readonly sinceMs: number; readonly why: string }): JSX.Element {
  useNow();
  // Both times are of this machine.
  return (
    <span title={why}>
      No answer from this agent since {spanBetween(sinceMs, Date.now())}. What is shown is as it was then.
    </span>
  );
}

/** Every agent shows the whole cluster. */
function OtherAgents({ parts }: { readonly parts: LiveParts }): JSX.Element | undefined {
  const others = (parts.members ?? []).flatMap(({ member, own, url }) => {
    const link = agentLink(url);
    return own || link === undefined ? [] : [{ member, link }];
  });
  if (others.length === 0) return undefined;
  return (
    <span class="others">
      Look at another one:{' '}
      {others.map(({ member, link }) => (
        <a key={member} href={link}>
          {member}
        </a>
      ))}
    </span>
  );
}

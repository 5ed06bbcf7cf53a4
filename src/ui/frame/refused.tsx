import type { JSX } from 'preact';
import { Icon } from './icon.tsx';

interface RefusedProps {
  /** The agent's own words. */
  readonly why: string;
  readonly open: () => void;
}

/** What is seen of a cluster by whom the agent does not know. */
export function Refused({ why, open }: RefusedProps): JSX.Element {
  return (
    <div id="headline" class="headline tone-neutral" role="status" aria-live="off" data-state="unknown">
      <Icon name="unknown" />
      <div>
        <h1>
          <span class="headline-word">Not logged in</span>
          <span class="headline-rest">. This agent shows its cluster only to whom it knows.</span>
        </h1>
        <p class="origin">
          {why}{' '}
          <button type="button" class="link" onClick={open}>
            Give the token
          </button>
        </p>
      </div>
    </div>
  );
}

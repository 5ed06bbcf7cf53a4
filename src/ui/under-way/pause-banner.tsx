import type { JSX } from 'preact';
import { Icon } from '../frame/icon.tsx';
import { useNow } from '../frame/now.ts';
import type { PartsOf } from '../live/parts.ts';
import { fullTimeText, spanBetween } from '../words/time-words.ts';

/** Says that nothing is done for now, why, and for how long. */
export function PauseBanner({ status }: PartsOf<'status'>): JSX.Element | undefined {
  const now = useNow();
  if (status?.paused === undefined && status?.pausedHere === undefined) return undefined;
  const { paused, pausedHere } = status;
  return (
    <aside class="banner tone-warning" aria-label="Pause" data-testid="pause-banner">
      <Icon name="pause" />
      <div>
        {paused === undefined ? undefined : (
          <p>
            <strong>All operations are paused</strong> for another {spanBetween(now, Date.parse(paused.until))}, until{' '}
            {fullTimeText(Date.parse(paused.until))}, by {paused.by}: {paused.reason}
          </p>
        )}
        {pausedHere === undefined ? undefined : (
          <p>
            <strong>This agent is paused</strong> by the file beside it: {pausedHere}
          </p>
        )}
      </div>
    </aside>
  );
}

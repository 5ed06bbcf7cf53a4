import type { JSX } from 'preact';
import type { PageState } from '../live/page-store.ts';
import { isFault } from '../live/parts.ts';
import { ConnectionLine } from './connection-line.tsx';
import { switchTheme } from './theme.ts';

/** What a person can open from the top of the page. */
export type DialogName = 'login' | 'pause' | 'resume' | 'run';

interface TopBarProps {
  readonly state: PageState;
  readonly open: (dialog: DialogName) => void;
  readonly logOut: () => void;
}

/** The name of the program, whether it is live, and what a person can do. */
export function TopBar({ state, open, logOut }: TopBarProps): JSX.Element {
  const { connection, parts, session, hasToken } = state;
  const isPaused = parts.status?.paused !== undefined;
  const { decisions } = parts;
  // Policies that have stopped after failures go on with the same word.
  const hasBreaker = decisions !== undefined && !isFault(decisions) && (decisions.breakers ?? []).length > 0;
  return (
    <header class="top-bar">
      <a class="brand" href="/" aria-label="etcd-caretaker, this page anew">
        <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
          <circle cx="8" cy="8" r="7" />
          <path d="M4.5 8.2l2.4 2.4 4.6-5" />
        </svg>
        <span>etcd-caretaker</span>
      </a>
      <ConnectionLine connection={connection} parts={parts} />
      <nav class="actions" aria-label="What a person can do">
        {isPaused ? undefined : (
          <button type="button" onClick={() => open('pause')}>
            Pause
          </button>
        )}
        {isPaused || hasBreaker ? (
          <button type="button" onClick={() => open('resume')}>
            Resume
          </button>
        ) : undefined}
        <button type="button" onClick={() => open('run')}>
          Run
        </button>
        {hasToken ? (
          <button type="button" onClick={logOut}>
            Log out
          </button>
        ) : session?.mayChange === true ? (
          <span class="caller" title="By its client certificate, or because this agent asks nobody">
            {session.caller ?? 'let in'}
          </span>
        ) : (
          <button type="button" onClick={() => open('login')}>
            Log in
          </button>
        )}
        <button type="button" onClick={switchTheme}>
          Theme
        </button>
      </nav>
    </header>
  );
}

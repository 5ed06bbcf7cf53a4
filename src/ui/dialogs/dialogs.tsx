import type { JSX } from 'preact';
import type { DialogName } from '../frame/top-bar.tsx';
import type { PageState } from '../live/page-store.ts';
import type { Wanted } from '../under-way/becomes.ts';
import { LoginDialog } from './login-dialog.tsx';
import { PauseDialog } from './pause-dialog.tsx';
import { RunDialog } from './run-dialog.tsx';

/** What each needs a person to be known for. */
export const wordsFor: Readonly<Record<DialogName | 'read', string>> = {
  read: 'To see this cluster, show that you may: with the token of the agents, or a client certificate.',
  login:
    'With the token of the agents you can pause them and ask for operations. Without it everything here can be read.',
  pause: 'To pause the agents, show that you may: with their token, or a client certificate.',
  resume: 'To end the pause, show that you may: with the token of the agents, or a client certificate.',
  run: 'To ask for an operation, show that you may: with the token of the agents, or a client certificate.',
};

interface DialogsProps {
  readonly shown: { readonly name: DialogName; readonly reason: string } | undefined;
  readonly state: PageState;
  readonly logIn: (token: string) => Promise<void>;
  readonly onAsked: (wanted: Wanted) => void;
  readonly onClose: () => void;
}

/** The dialog that is open, if one is. */
export function Dialogs({ shown, state, logIn, onAsked, onClose }: DialogsProps): JSX.Element | undefined {
  const { api, parts } = state;
  switch (shown?.name) {
    case 'login':
      return <LoginDialog reason={shown.reason} takes={state.session?.takes} logIn={logIn} onClose={onClose} />;
    case 'pause':
      return <PauseDialog api={api} onClose={onClose} />;
    case 'run':
      return <RunDialog api={api} parts={parts} onAsked={onAsked} onClose={onClose} />;
    default:
      return undefined;
  }
}

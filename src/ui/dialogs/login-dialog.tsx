import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AsJson } from '../../expose/as-json.ts';
import type { SessionReply } from '../../expose/live/words.ts';
import { Field } from '../frame/field.tsx';
import { Dialog } from './dialog.tsx';
import { useSending } from './sending.ts';

interface LoginDialogProps {
  /** What it is needed for. */
  readonly reason: string;
  /** What the agent could check; absent while it has not said so. */
  readonly takes: AsJson<SessionReply>['takes'] | undefined;
  readonly logIn: (token: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for the agent's token, which stays in this tab. */
export function LoginDialog({ reason, takes, logIn, onClose }: LoginDialogProps): JSX.Element {
  const [token, setToken] = useState('');
  const { isBusy, problem, send } = useSending();
  const given = token.trim();
  return (
    <Dialog
      title="Log in"
      confirm="Log in"
      isReady={given !== ''}
      isBusy={isBusy}
      problem={problem}
      onClose={onClose}
      onSubmit={() =>
        send(async () => {
          await logIn(given);
          onClose();
        })
      }
    >
      <p>{reason}</p>
      {takes?.token === false ? (
        <p class="note note-warning">
          This agent takes no token
          {takes.certificate
            ? ', only a client certificate: choose one in the browser.'
            : ' and no certificate: nothing is configured for it (expose.auth.tokenFile, expose.tls.clientCa).'}
        </p>
      ) : undefined}
      <Field label="Token">
        {(id) => (
          <input
            id={id}
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        )}
      </Field>
      <p class="hint">
        It stays in this tab and goes to this agent only. A browser that shows a client certificate needs none. See
        docs/status-page.md.
      </p>
    </Dialog>
  );
}

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Api } from '../api/call.ts';
import { Field } from '../frame/field.tsx';
import { Dialog } from './dialog.tsx';
import { useSending } from './sending.ts';
import { byOf, storedName, WhoAsks } from './who-asks.tsx';

interface PauseDialogProps {
  readonly api: Api;
  readonly onClose: () => void;
}

const lengths = [
  ['30m', '30 minutes'],
  ['1h', '1 hour'],
  ['2h', '2 hours'],
  ['4h', '4 hours'],
  ['12h', '12 hours'],
  ['1d', '1 day'],
  ['3d', '3 days'],
  ['7d', '7 days'],
] as const;

/** Holds all operations in the whole cluster, after a person has said why. */
export function PauseDialog({ api, onClose }: PauseDialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const [length, setLength] = useState<string>('2h');
  const [name, setName] = useState(storedName);
  const { isBusy, problem, send } = useSending();
  return (
    <Dialog
      title="Pause all operations"
      confirm="Pause now"
      isReady={reason.trim() !== ''}
      isBusy={isBusy}
      problem={problem}
      onClose={onClose}
      onSubmit={() =>
        send(async () => {
          await api.pause({ reason: reason.trim(), for: length, by: byOf(name) });
          onClose();
        })
      }
    >
      <p>
        In the whole cluster no operation is begun, and one under way stops before its next step. The agents go on
        looking, and backups go on. It ends by itself.
      </p>
      <Field label="Reason">
        {(id) => (
          <input
            id={id}
            type="text"
            required
            maxLength={500}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="For how long">
        {(id) => (
          <select id={id} value={length} onChange={(event) => setLength(event.currentTarget.value)}>
            {lengths.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      <WhoAsks name={name} onInput={setName} />
    </Dialog>
  );
}

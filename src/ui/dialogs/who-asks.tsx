import type { JSX } from 'preact';
import { Field } from '../frame/field.tsx';
import { stored } from '../words/stored.ts';

const kept = stored('localStorage', 'etcd-caretaker.name');

/** The name that was given last in this browser. */
export function storedName(): string {
  return kept.get() ?? '';
}

/** What stands in the history as who asked: nobody checks it, the agent adds what the caller has shown. */
export function byOf(name: string): string {
  const given = name.trim();
  kept.set(given);
  return given === '' ? 'status page' : `${given}, status page`;
}

interface WhoAsksProps {
  readonly name: string;
  readonly onInput: (name: string) => void;
}

/** Asks who a person is, for the history. */
export function WhoAsks({ name, onInput }: WhoAsksProps): JSX.Element {
  return (
    <Field label="Your name, for the history">
      {(id) => (
        <input
          id={id}
          type="text"
          maxLength={60}
          autocomplete="name"
          value={name}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

import type { JSX } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly class?: string;
  /** Makes the control, which has to take the id. */
  readonly children: (id: string) => JSX.Element;
}

/** A control with its label beside it: within the label the words of a choice would become part of its name. */
export function Field({ label, class: kind = 'field', children }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class={kind}>
      <label for={id}>{label}</label>
      {children(id)}
    </div>
  );
}

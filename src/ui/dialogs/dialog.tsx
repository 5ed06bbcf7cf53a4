import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Its form is sent: what keeps the dialog open is thrown. */
  readonly onSubmit: () => void;
  readonly confirm: string;
  readonly isReady?: boolean;
  readonly isBusy: boolean;
  /** Why it did not work. */
  readonly problem?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A native modal dialog with one form: it holds the focus, and Escape closes it. */
export function Dialog({
  title,
  onClose,
  onSubmit,
  confirm,
  isReady = true,
  isBusy,
  problem,
  children,
}: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isBusy) onSubmit();
        }}
      >
        <h2 id="dialog-title">{title}</h2>
        {children}
        <div role="alert" class="problem">
          {problem}
        </div>
        <div class="dialog-actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={!isReady || isBusy}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}

import { useState } from 'preact/hooks';
import { ApiProblem } from '../api/call.ts';

/** A request of a dialog: whether it is under way, and why it did not work. */
export interface Sending {
  readonly isBusy: boolean;
  readonly problem: string | undefined;
  send(request: () => Promise<void>): void;
}

/** One request at a time. */
export function useSending(): Sending {
  const [{ isBusy, problem }, set] = useState<{ readonly isBusy: boolean; readonly problem?: string }>({
    isBusy: false,
  });
  const send = async (request: () => Promise<void>): Promise<void> => {
    set({ isBusy: true });
    try {
      await request();
      set({ isBusy: false });
    } catch (error) {
      set({ isBusy: false, problem: problemWords(error) });
    }
  };
  return { isBusy, problem, send: (request) => void send(request) };
}

/** What a person reads of a request that did not work. */
export function problemWords(error: unknown): string {
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  return error.status === 0 || error.code === 'HTTP' ? error.message : `${error.message} (${error.code})`;
}

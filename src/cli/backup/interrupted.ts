import { AgentError } from '../../cluster/agent-error.ts';

/** Runs `work` with a signal that Ctrl-C and SIGTERM abort with `INTERRUPTED`; what it says then is `message`. */
export async function untilInterrupted<T>(message: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController();
  const interrupt = (): void => end.abort(new AgentError('INTERRUPTED', message));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await work(end.signal);
  } catch (error) {
    // Whatever it failed with then, it is for that.
    throw end.signal.aborted ? end.signal.reason : error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

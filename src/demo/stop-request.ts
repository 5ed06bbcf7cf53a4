import { watchLaunchers } from './launchers.ts';

/** Someone's wish that the demo end. */
export interface StopRequest extends Disposable {
  /** Aborted when the demo is to end. */
  readonly signal: AbortSignal;
  /** Ends the demo after this time. */
  after(durationMs: number): void;
}

/**
 * Listens for what ends the demo: Ctrl-C, SIGTERM, SIGHUP, or the end of the npm that started it. A second signal ends
 * this process at once; the watchdog then does the rest.
 */
export function listenForStop(say: (line: string) => void): StopRequest {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      process.exit(130);
    }
    say(`${signal}: stopping everything (once more: at once)`);
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) {
    process.on(signal, onSignal);
  }
  const forget = watchLaunchers((what) => {
    say(`the ${what} that started the demo has ended: stopping everything`);
    controller.abort();
  });
  return {
    signal: controller.signal,
    after(durationMs) {
      timer = setTimeout(() => controller.abort(), durationMs);
    },
    [Symbol.dispose]() {
      forget();
      clearTimeout(timer);
      for (const signal of signals) {
        process.off(signal, onSignal);
      }
    },
  };
}

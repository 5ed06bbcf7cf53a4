import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import { EtcdError } from '../../etcd/errors.ts';
import type { CaptureClient } from './capture-client.ts';
import type { TellDelta } from './told.ts';

/** Two calls each time: on an idle cluster they are most of what capturing costs its member. */
const LOOK_EVERY_MS = 20_000;
const SILENT_AFTER_MS = 60_000;

export interface LookOut {
  readonly client: CaptureClient;
  readonly everyMs?: number;
  /** So long a watch may take to tell what the member had; default a minute. */
  readonly silentAfterMs?: number;
  /** The last revision that has arrived. */
  readonly seen: () => bigint;
  /** Whether the capture waits for room, so that nothing can arrive. */
  readonly blocked: () => boolean;
  readonly protectedAuthRevision: () => bigint | undefined;
  readonly found: (found: { readonly liveRevision?: bigint; readonly authRevision?: bigint }) => void;
  readonly tell: TellDelta;
}

/**
 * Asks the member from time to time what a watch does not tell: where it is, and whether users or roles have changed. Throws
 * `WATCH_SILENT` where the watch has told nothing for long although the member had more. Never ends otherwise but by the signal.
 */
export async function lookOut(options: LookOut, signal: AbortSignal): Promise<void> {
  const { client, seen, blocked, found, everyMs = LOOK_EVERY_MS, silentAfterMs = SILENT_AFTER_MS } = options;
  const auth = new AuthLook(options);
  let wanted = 0n;
  let seenBefore = 0n;
  let sinceMs = performance.now();
  while (!signal.aborted) {
    await auth.look(signal);
    const before = seen();
    const live = await client.status(signal).then(
      ({ header }) => header.revision,
      () => undefined,
    );
    if (live !== undefined) found({ liveRevision: live });
    // A member that is busy may let a watch wait for seconds: beginning anew would only make it wait longer.
    if (blocked() || before >= wanted || before > seenBefore) {
      wanted = live ?? 0n;
      seenBefore = before;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > silentAfterMs) {
      throw new AgentError('WATCH_SILENT', `The member had revision ${wanted}, and its watch has told ${before}.`, {
        remedy: 'Nothing: the watch is begun anew.',
      });
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether users or roles are still as in the newest full snapshot. */
class AuthLook {
  readonly #options: LookOut;
  #unsupported = false;
  #told: bigint | undefined;

  constructor(options: LookOut) {
    this.#options = options;
  }

  async look(signal: AbortSignal): Promise<void> {
    if (this.#unsupported) return;
    const { client, found, protectedAuthRevision, tell } = this.#options;
    try {
      const { authRevision } = await client.authStatus(signal);
      if (authRevision === undefined) return;
      found({ authRevision });
      const from = protectedAuthRevision();
      if (from === undefined || from === authRevision || this.#told === authRevision) return;
      this.#told = authRevision;
      tell({ kind: 'auth-changed', from, to: authRevision });
    } catch (error) {
      this.#unsupported = error instanceof EtcdError && error.code === 'ETCD_UNSUPPORTED';
    }
  }
}

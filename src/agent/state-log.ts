import type { Observation } from '../cluster/observation.ts';
import type { Log } from '../expose/log.ts';
import { type Status, statusOf } from '../expose/status.ts';

/** A finding that comes and goes is written again at the earliest after so long. */
const quietMs = 300_000;

/**
 * Writes what changes in the cluster, one line each: the own member's state, whether the quorum holds, and findings as
 * they appear and go. What stays is not said again; faults of collectors have their own lines.
 */
export class StateLog {
  readonly #log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly #nowMs: () => number;
  readonly #writtenAtMs = new Map<string, number>();
  #present = new Set<string>();
  #state: string | undefined;
  #holds: boolean | undefined;

  /** @param nowMs monotonic clock */
  constructor(log: Pick<Log, 'info' | 'warn' | 'error'>, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** Takes the newest observation. */
  take(observation: Observation): void {
    const status = statusOf(observation);
    this.#takeState(status);
    this.#takeQuorum(status);
    this.#takeFindings(status);
  }

  #takeState({ ownMember }: Status): void {
    // A member that does not answer is a fault of the collector; its state is then as before.
    if (ownMember === undefined || ownMember.state === this.#state) {
      return;
    }
    const well = ownMember.state === 'healthy' || ownMember.state === 'learner';
    this.#log[well ? 'info' : 'error']('own member', { state: ownMember.state, summary: ownMember.summary });
    this.#state = ownMember.state;
  }

  #takeQuorum({ quorum }: Status): void {
    if (quorum === undefined || quorum.holds === this.#holds) {
      return;
    }
    this.#log[quorum.holds ? 'info' : 'error'](quorum.holds ? 'quorum holds' : 'quorum lost', { ...quorum });
    this.#holds = quorum.holds;
  }

  #takeFindings({ findings }: Status): void {
    const present = new Set<string>();
    for (const finding of findings) {
      const key = `${finding.collector} ${finding.code}`;
      present.add(key);
      const lastMs = this.#writtenAtMs.get(key);
      const quiet = lastMs !== undefined && this.#nowMs() - lastMs < quietMs;
      if (!this.#present.has(key) && !quiet) {
        this.#writtenAtMs.set(key, this.#nowMs());
        this.#log[finding.severity === 'info' ? 'info' : 'warn']('finding', { ...finding });
      }
    }
    for (const key of this.#present) {
      if (!present.has(key)) {
        const [collector, code] = key.split(' ');
        this.#log.info('finding gone', { collector, code });
      }
    }
    this.#present = present;
  }
}

import type { Decision, HistoryEntry } from '../../cluster/caretaking.ts';
import type { CaretakingView, DecisionCount, JudgedMember, OperationCount } from '../../cluster/caretaking-view.ts';
import { HistogramRecorder } from '../../observe/histogram-recorder.ts';

/** Edges of `operation_duration_seconds`: from a moved leader to a large sweep. */
const DURATION_EDGES = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

/** So many own operations are remembered beside the journal. */
const REMEMBERED = 10;

/** What this agent has decided and done since it started, counted for the metrics. */
export class Ledger {
  readonly #decisions = new Map<string, DecisionCount>();
  readonly #operations = new Map<string, OperationCount>();
  readonly #durations = new Map<string, HistogramRecorder>();
  readonly #drillFailures = new Map<string, number>();
  /** Ended operations, newest first. */
  #ended: readonly HistoryEntry[] = [];
  #endedAtMonotonicMs: ReadonlyMap<bigint, number> = new Map();
  #newest: readonly Decision[] = [];
  #decidedAtMs: number | undefined;
  #judged: readonly JudgedMember[] = [];

  /** Takes in what one round decided. */
  decided(decisions: readonly Decision[], judged: readonly JudgedMember[]): void {
    this.#judged = judged;
    this.#newest = decisions;
    this.#decidedAtMs = Date.now();
    for (const { policy, decision, reasons } of decisions) {
      const reason = reasons[0].code;
      const key = `${policy} ${decision} ${reason}`;
      const count = (this.#decisions.get(key)?.count ?? 0) + 1;
      this.#decisions.set(key, { policy, decision, reason, count });
    }
  }

  /** It no longer leads: what it decided is not the newest any more. */
  forget(): void {
    this.#newest = [];
    this.#judged = [];
    this.#decidedAtMs = undefined;
  }

  /** Takes in an operation that this agent has brought to its end. */
  ended(entry: HistoryEntry): void {
    const { operation, outcome, seconds, code } = entry;
    this.#ended = [entry, ...this.#ended].slice(0, REMEMBERED);
    const times = [...this.#endedAtMonotonicMs, [entry.revision, performance.now()] as const];
    this.#endedAtMonotonicMs = new Map(times.slice(-REMEMBERED));
    const key = `${operation} ${outcome}`;
    const count = (this.#operations.get(key)?.count ?? 0) + 1;
    this.#operations.set(key, { operation, outcome, count });
    if (operation === 'drill' && outcome === 'failed' && code !== undefined) {
      this.#drillFailures.set(code, (this.#drillFailures.get(code) ?? 0) + 1);
    }
    const recorder = this.#durations.get(operation) ?? new HistogramRecorder(DURATION_EDGES);
    recorder.record(seconds);
    this.#durations.set(operation, recorder);
  }

  /**
   * The history with what this agent has ended and could not write down: while etcd refuses writes, that recovery came to
   * nothing is known to this agent alone, and it must not try the same again at once.
   */
  complete(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
    const known = new Set(history.map(({ id }) => id));
    const newest = history[0]?.revision ?? 0n;
    const own = this.#ended.filter(({ id, revision }) => !known.has(id) && revision > newest);
    return [...own, ...history];
  }

  /** When operations of this agent ended, by their revision and its monotonic clock. */
  get endedAtMonotonicMs(): ReadonlyMap<bigint, number> {
    return this.#endedAtMonotonicMs;
  }

  /** The part of the view that is counted here. */
  view(): Pick<
    CaretakingView,
    | 'decisions'
    | 'decidedAtMs'
    | 'judged'
    | 'decisionCounts'
    | 'operationCounts'
    | 'operationDurations'
    | 'drillFailures'
  > {
    return {
      decisions: this.#newest,
      judged: this.#judged,
      ...(this.#decidedAtMs === undefined ? {} : { decidedAtMs: this.#decidedAtMs }),
      decisionCounts: [...this.#decisions.values()],
      operationCounts: [...this.#operations.values()],
      drillFailures: [...this.#drillFailures].map(([reason, count]) => ({ reason, count })),
      operationDurations: [...this.#durations].map(([operation, recorder]) => ({
        operation,
        seconds: recorder.snapshot(),
      })),
    };
  }
}

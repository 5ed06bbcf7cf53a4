import { faultOf } from '../../cluster/agent-error.ts';
import type { BackupKindView } from '../../cluster/backup-view.ts';
import { HistogramRecorder } from '../../observe/histogram-recorder.ts';

/** What is counted apart. */
export type BackupKind = BackupKindView['kind'];

/** Edges of `backup_duration_seconds`: from a small store to one of many gigabytes at the default rate. */
const DURATION_EDGES = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

/** One kind, as it is counted. */
interface Counted {
  lastSuccessAtMs: number | undefined;
  lastRevision: bigint | undefined;
  bytes: number;
  readonly failures: Map<string, number>;
  readonly seconds: HistogramRecorder;
}

/** Counts what backups have come to; it outlives the terms of its agent. */
export class BackupTally {
  readonly #kinds = new Map<BackupKind, Counted>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** What is to be seen of a kind now. */
  view(kind: BackupKind): BackupKindView {
    const { lastSuccessAtMs, lastRevision, bytes, failures, seconds } = this.#of(kind);
    const durations = seconds.snapshot();
    return {
      kind,
      ...(lastSuccessAtMs === undefined ? {} : { lastSuccessAtMs }),
      ...(lastRevision === undefined ? {} : { lastRevision }),
      bytes,
      ...(durations.count === 0 ? {} : { durationSeconds: durations }),
      failures: [...failures].map(([reason, count]) => ({ reason, count })),
    };
  }

  /** Something was stored, or read back and found whole. */
  succeeded(
    kind: BackupKind,
    done: { readonly revision: bigint; readonly bytes: number; readonly seconds?: number },
  ): void {
    const counted = this.#of(kind);
    counted.bytes += done.bytes;
    if (done.seconds !== undefined) counted.seconds.record(done.seconds);
    this.found(kind, done.revision, Date.now());
  }

  /** It was in the store already. @param atMs when it was made, wall clock */
  found(kind: BackupKind, revision: bigint, atMs: number): void {
    const counted = this.#of(kind);
    counted.lastRevision = revision;
    counted.lastSuccessAtMs = atMs;
    this.#onChange();
  }

  failed(kind: BackupKind, error: unknown): void {
    this.failedWith(kind, faultOf(error).code);
  }

  /** @param code stable, and one of few: it becomes a label */
  failedWith(kind: BackupKind, code: string): void {
    const { failures } = this.#of(kind);
    failures.set(code, (failures.get(code) ?? 0) + 1);
    this.#onChange();
  }

  /** Something is to be seen that was not. */
  changed(): void {
    this.#onChange();
  }

  #of(kind: BackupKind): Counted {
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    const made: Counted = {
      lastSuccessAtMs: undefined,
      lastRevision: undefined,
      bytes: 0,
      failures: new Map(),
      seconds: new HistogramRecorder(DURATION_EDGES),
    };
    this.#kinds.set(kind, made);
    return made;
  }
}

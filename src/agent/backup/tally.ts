import { faultOf } from '../../cluster/agent-error.ts';

/** What is counted apart. */
export type BackupKind = 'full' | 'delta' | 'verify';

/** What became of one kind of backup since the agent started. */
export interface KindTally {
  readonly lastSuccessAtMs?: number;
  readonly lastRevision?: bigint;
  readonly bytes: number;
  /** How long the last one took. */
  readonly lastSeconds?: number;
  /** By code. */
  readonly failures: ReadonlyMap<string, number>;
}

const NONE: KindTally = { bytes: 0, failures: new Map() };

/** Counts what backups have come to; it outlives the terms of its agent. */
export class BackupTally {
  readonly #kinds = new Map<BackupKind, KindTally>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  of(kind: BackupKind): KindTally {
    return this.#kinds.get(kind) ?? NONE;
  }

  succeeded(kind: BackupKind, done: { readonly revision: bigint; readonly bytes: number; readonly seconds?: number }) {
    const before = this.of(kind);
    this.#kinds.set(kind, {
      ...before,
      lastSuccessAtMs: Date.now(),
      lastRevision: done.revision,
      bytes: before.bytes + done.bytes,
      ...(done.seconds === undefined ? {} : { lastSeconds: done.seconds }),
    });
    this.changed();
  }

  failed(kind: BackupKind, error: unknown): void {
    this.failedWith(kind, faultOf(error).code);
  }

  failedWith(kind: BackupKind, code: string): void {
    const before = this.of(kind);
    const failures = new Map(before.failures).set(code, (before.failures.get(code) ?? 0) + 1);
    this.#kinds.set(kind, { ...before, failures });
    this.changed();
  }

  /** Something is to be seen that was not. */
  changed(): void {
    this.#onChange();
  }
}

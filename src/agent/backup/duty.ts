import { AgentError } from '../../cluster/agent-error.ts';
import type { BackupView } from '../../cluster/backup-view.ts';
import type { HistoryEntry } from '../../cluster/caretaking.ts';
import type { Term } from '../../journal/term.ts';
import type { SnapshotTaker, TakenSnapshot } from '../../operate/backup-ports.ts';
import type { BackupKeeper } from './keeper.ts';
import type { BackupKeeperOptions } from './options.ts';

/** The duty of an agent to back up while it leads. What that takes is loaded when it first leads: most agents rarely do. */
export class BackupDuty implements AsyncDisposable, SnapshotTaker {
  readonly #options: BackupKeeperOptions;
  #keeper: BackupKeeper | undefined;
  #loading: Promise<BackupKeeper> | undefined;

  constructor(options: BackupKeeperOptions) {
    this.#options = options;
  }

  /** What is to be seen of it now. */
  view(): BackupView {
    return this.#keeper?.view() ?? { working: false, kinds: [], stores: [] };
  }

  /** As that of the keeper; while it is loaded everything waits. */
  durableRevision(): bigint | undefined {
    if (this.#keeper !== undefined) return this.#keeper.durableRevision();
    return this.#loading === undefined ? undefined : 0n;
  }

  /** As that of the keeper. */
  trouble(): string | undefined {
    return this.#keeper?.trouble();
  }

  /** Hears what operations came to. */
  ended({ operation, outcome, figures: { store }, endedAtMs }: HistoryEntry): void {
    if (operation === 'drill' && outcome === 'succeeded' && store !== undefined) this.#keeper?.proven(store, endedAtMs);
  }

  async takeSnapshot(signal: AbortSignal): Promise<TakenSnapshot> {
    const keeper = await this.#loading;
    if (keeper === undefined) {
      throw new AgentError('BACKUP_NOT_RUNNING', `The agent of ${this.#options.member} has not led yet.`, {
        remedy: 'Ask again: whoever leads takes it.',
      });
    }
    return await keeper.takeSnapshot(signal);
  }

  /** Begins to back up under a term; it ends with the term. */
  begin(term: Term): void {
    this.#loading ??= this.#load();
    this.#loading.then(
      (keeper) => keeper.begin(term),
      (error: unknown) => {
        // The next term tries again.
        this.#loading = undefined;
        this.#options.events.onFault('backing up', error);
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const keeper = await this.#loading?.catch(() => undefined);
    await keeper?.[Symbol.asyncDispose]();
  }

  async #load(): Promise<BackupKeeper> {
    const { BackupKeeper } = await import('./keeper.ts');
    this.#keeper = new BackupKeeper(this.#options);
    return this.#keeper;
  }
}

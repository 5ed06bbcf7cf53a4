import { AgentError } from '../cluster/agent-error.ts';
import type { KeptLease } from '../etcd/kept-lease.ts';
import type { TxnCompare } from '../etcd/txn.ts';
import type { JournalKeys } from '../journal/keys.ts';
import type { Term } from '../journal/term.ts';

/** What a won campaign is known by. */
export interface Won {
  readonly epoch: bigint;
  /** When the leader's key was created: no other term has the same. */
  readonly createRevision: bigint;
}

/** The term of a leader by lease: held as long as the lease is, and until it is ended before. */
export class LeaseTerm implements Term {
  readonly epoch: bigint;
  readonly holder: string;
  readonly createRevision: bigint;
  readonly guard: readonly TxnCompare[];
  readonly lease: KeptLease;
  readonly #lost = new AbortController();
  readonly #follow = (): void => this.#lost.abort(this.lease.lost.reason);

  constructor(keys: JournalKeys, holder: string, lease: KeptLease, { epoch, createRevision }: Won) {
    this.epoch = epoch;
    this.holder = holder;
    this.createRevision = createRevision;
    this.lease = lease;
    this.guard = [{ key: keys.leader, createRevision }];
    if (lease.lost.aborted) this.#follow();
    else lease.lost.addEventListener('abort', this.#follow, { once: true });
  }

  get held(): boolean {
    return !this.#lost.signal.aborted && this.lease.held;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Ends it before its lease does. @param reason why, for people */
  end(reason: string): void {
    this.lease.lost.removeEventListener('abort', this.#follow);
    if (this.#lost.signal.aborted) return;
    const message = `The term of epoch ${this.epoch} is over: ${reason}.`;
    this.#lost.abort(new AgentError('TERM_LOST', message, { remedy: 'Nothing: another agent leads, and goes on.' }));
  }
}

import type { GaspPlace } from '../../backup/last-gasp/take.ts';
import type { KeptGaspView } from '../../cluster/last-gasp-view.ts';
import type { MemberClient } from '../../etcd/member-client.ts';

/** What last gasps tell as it happens. None may throw. */
export interface LastGaspEvents {
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly onFault: (what: string, error: unknown) => void;
  readonly onChange: () => void;
  /** One is whole, or what was kept before is of the same state. */
  readonly onKept: (gasp: KeptGaspView) => void;
  /** For the first time in this loss of the quorum it was not possible. */
  readonly onFailed: (error: unknown) => void;
}

/** What takes last gasps of the own member. */
export interface LastGaspOptions {
  readonly place: GaspPlace;
  /** How long there must have been no quorum. */
  readonly afterMs: number;
  /** Of the observations that it is given. */
  readonly intervalMs: number;
  readonly dataDir: string;
  readonly walDir: string;
  /** The agent gives its member a password. */
  readonly underAuth: boolean;
  /** Of the own member. */
  readonly client: Pick<MemberClient, 'member' | 'status' | 'snapshot' | 'range'>;
  readonly events: LastGaspEvents;
}

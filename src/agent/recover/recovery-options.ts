import type { FoundPoint, GoBackPoint, StoreReach, UnattendedRecovery } from '../../cluster/recovery.ts';
import type { Expected } from './gather.ts';
import type { RecoverParticipant } from './participant.ts';
import type { RecoverAgents } from './ports.ts';
import type { Sightings } from './sightings.ts';
import type { RecoveryEvents } from './standing.ts';

/** What a recovery has around it. */
export interface RecoveryOptions {
  readonly name: string;
  readonly participant: Pick<RecoverParticipant, 'evidence' | 'prepare' | 'step' | 'abandon'>;
  readonly agents: RecoverAgents;
  readonly sightings: Pick<Sightings, 'lostForMs' | 'lostAtMs'>;
  /** All members that should be there, the own one among them. */
  readonly expected: () => readonly Expected[];
  readonly stores: (
    of: { readonly clusterId: string | undefined; readonly url?: string | undefined },
    signal: AbortSignal,
  ) => Promise<{ readonly store?: StoreReach; readonly storeTrouble?: string }>;
  /** Which revision of a store a point is. */
  readonly pointIn: (
    point: GoBackPoint,
    of: { readonly clusterId: string | undefined; readonly url: string },
    signal: AbortSignal,
  ) => Promise<FoundPoint>;
  readonly unattended: UnattendedRecovery;
  readonly events: RecoveryEvents;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

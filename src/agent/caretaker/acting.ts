import type { Decision, HistoryEntry, OperationName, Slot } from '../../cluster/caretaking.ts';
import type { JudgedMember } from '../../cluster/caretaking-view.ts';
import type { JournalKeys } from '../../journal/keys.ts';
import type { JournalMirror } from '../../journal/mirror.ts';
import type { Registration } from '../../lead/registration.ts';
import type { Operation } from '../../operate/operation.ts';
import type { RunOptions } from '../../operate/runner.ts';
import type { Parts } from '../../operate/steps/parts.ts';
import type { CaretakerOptions } from './options.ts';
import type { StateSource } from './state-source.ts';

/** What a round works with; made once, when the agent knows which member it stands beside. */
export interface Acting {
  readonly options: CaretakerOptions;
  readonly keys: JournalKeys;
  readonly mirror: JournalMirror;
  readonly registration: Registration;
  readonly source: StateSource;
  readonly operations: Readonly<Record<OperationName, Operation>>;
  /** What the operations work with. */
  readonly parts: Parts;
  /** What every operation runs with. */
  runParts(): Pick<RunOptions, 'observe' | 'localPause' | 'log' | 'onStep'>;
  /** When this agent first saw a request, by its monotonic clock. */
  requestSeenMs(id: string): number;
  /** For how long this agent has led, by its monotonic clock. */
  ledForMs(): number;
  /** The recovery from NOSPACE that this agent carries out as it stands now; undefined when it has ended. */
  recovering(slot: Slot | undefined): void;
  decided(decisions: readonly Decision[], judged: readonly JudgedMember[]): void;
  ended(entry: HistoryEntry): void;
  /** What people said while etcd was full: it is written into the history when that can be. */
  readonly unwritten: HistoryEntry[];
}

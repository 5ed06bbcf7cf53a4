import type { HistoryEntry } from '../../cluster/caretaking.ts';
import type { CaretakingView } from '../../cluster/caretaking-view.ts';
import type { JournalMirror } from '../../journal/mirror.ts';
import type { Term } from '../../journal/term.ts';
import type { Leadership } from '../../lead/leadership.ts';
import type { Registration } from '../../lead/registration.ts';
import type { Ledger } from './ledger.ts';
import type { StateSource } from './state-source.ts';

/** Where the view looks. */
export interface Viewed {
  readonly mirror: JournalMirror;
  readonly registration: Registration;
  readonly leadership: Leadership;
  readonly source: StateSource;
  readonly localPause: string | undefined;
}

/** What this agent shows of acting, as of now. */
export function viewOf(parts: Viewed, term: Term | undefined, counted: ReturnType<Ledger['view']>): CaretakingView {
  const { mirror, registration, leadership, source, localPause } = parts;
  const { snapshot } = mirror;
  const { connected, fault, agents, leader, slot, history, requests, pause, armed } = snapshot;
  const leads = term?.held === true;
  const epoch = leads ? term.epoch : leader?.epoch;
  const keyFaults = snapshot.unreadable.map(({ key, message }) => ({
    code: 'KEY_UNREADABLE',
    message: `${key} cannot be read: ${message}`,
    remedy: 'Nothing is started until a person has looked: find out who wrote it, then delete it with etcdctl.',
  }));
  const faults = [...keyFaults, fault, registration.fault, leadership.fault].filter((each) => each !== undefined);
  const hashCheck = hashCheckIn(history);
  const drill = drillIn(history);
  return {
    leads,
    ...(epoch === undefined ? {} : { epoch }),
    ...(leader === undefined ? {} : { leader }),
    registered: registration.current !== undefined,
    journalConnected: connected,
    faults,
    agents,
    ...(slot === undefined ? {} : { slot: slot.slot }),
    history,
    requests,
    ...(pause === undefined ? {} : { pause }),
    ...(localPause === undefined ? {} : { localPause }),
    ...(armed === undefined ? {} : { armed }),
    ...(leads ? { readySeconds: source.readySeconds } : {}),
    ...counted,
    ...(hashCheck === undefined ? {} : { hashCheck }),
    ...(drill === undefined ? {} : { drill }),
  };
}

/** The newest one that came to a result. */
function hashCheckIn(history: readonly HistoryEntry[]): CaretakingView['hashCheck'] {
  const entry = history.find(
    ({ operation, figures }) => operation === 'hash-check' && figures['hashMismatch'] !== undefined,
  );
  return entry === undefined ? undefined : { atMs: entry.endedAtMs, mismatch: entry.figures['hashMismatch'] === 1 };
}

/** The newest one that succeeded. */
function drillIn(history: readonly HistoryEntry[]): CaretakingView['drill'] {
  const entry = history.find(({ operation, outcome }) => operation === 'drill' && outcome === 'succeeded');
  const restoreSeconds = entry?.figures['restoreSeconds'];
  return entry === undefined || restoreSeconds === undefined ? undefined : { atMs: entry.endedAtMs, restoreSeconds };
}

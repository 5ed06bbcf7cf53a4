import type { CaretakingView, NotifyCount } from '../../cluster/caretaking-view.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { CaretakingPorts } from '../../expose/caretaking-ports.ts';
import { type Seat, type SeatParts, seatOf } from '../member/seat.ts';
import { type Caretaker, startCaretaker } from './caretaker.ts';
import type { CaretakerOptions } from './options.ts';
import { portsOf } from './ports.ts';

/** The caretaker of an agent that may not know its member yet. */
export interface BesideObserver {
  readonly ports: CaretakingPorts;
  /** The newest observation, with what is to be seen of acting. */
  observation(): Observation;
  /** Takes in a new observation; the first one that names the own member starts the caretaker. */
  take(observation: Observation): void;
  /** Something else that is to be seen of acting has changed. */
  changed(): void;
  /** What this agent knows of its own member has changed. */
  ownChanged(): void;
  /** Has this agent look at once, if it leads. */
  nudge(): void;
  close(): Promise<void>;
}

export interface BesideObserverParts {
  readonly observed: () => Observation;
  readonly notifyCounts: () => readonly NotifyCount[];
  /** What is to be seen of acting has changed. */
  readonly onChange?: () => void;
  /** Asked for each time that a caretaker starts: by then the agent knows where it listens. */
  readonly options: () => Omit<CaretakerOptions, 'observation' | 'candidate'>;
  /** What else an observation carries. */
  readonly besides?: () => Pick<Observation, 'backups' | 'lastGasp' | 'own' | 'recovery' | 'diagnosis'>;
  /** What a seat hangs on besides the observation; left out: on the own member's answers alone. */
  readonly seat?: () => Pick<SeatParts, 'remembered' | 'peerUrls' | 'wantsToJoin'>;
}

/** Whose seat changes, because its member was removed or has joined, starts acting anew in the new one. */
export function besideObserver(parts: BesideObserverParts): BesideObserver {
  const { observed, notifyCounts, options, besides = () => ({}) } = parts;
  let caretaker: Caretaker | undefined;
  let seat: Seat | undefined;
  let changing: Promise<void> | undefined;
  let closed = false;
  let changed = true;
  let merged: { readonly of: Observation; readonly with: Observation } | undefined;

  const note = (): void => {
    changed = true;
    parts.onChange?.();
  };
  const start = ({ memberId, candidate }: Seat): Caretaker => {
    const { events, ...rest } = options();
    const onChange = (): void => {
      note();
      events.onChange();
    };
    const given = { ...rest, observation: observed, events: { ...events, onChange } };
    return startCaretaker(candidate === undefined ? given : { ...given, candidate }, memberId);
  };
  /** What did not end as it should takes no part any more; to stay in the former seat for ever would be worse. */
  const onCloseFault = (error: unknown): void => options().events.onFault('giving up the former seat', error);
  /** Takes the seat, once the caretaker in the former one has ended: it gives its record and its leadership back. */
  const take = (next: Seat): void => {
    const former = caretaker;
    changing = (former?.close() ?? Promise.resolve()).catch(onCloseFault).then(() => {
      changing = undefined;
      if (closed) return;
      seat = next;
      caretaker = start(next);
      note();
    });
  };
  const seatNow = (observation: Observation): Seat | undefined => {
    const view = caretaker?.view();
    const isTarget = seat !== undefined && view?.slot?.targets.includes(seat.memberId) === true;
    const now = seat && view && { seat, isTarget, journalConnected: view.journalConnected };
    const hangsOn = parts.seat?.() ?? { onlyAnswering: true as const };
    return seatOf({ observation, ...hangsOn, ...(now === undefined ? {} : { now }) });
  };
  return {
    ports: portsOf(() => caretaker),
    observation: () => {
      const of = observed();
      // The same object as long as nothing is new: pages are rendered once for each.
      if (merged === undefined || merged.of !== of || changed) {
        changed = false;
        const view: CaretakingView | undefined = caretaker?.view();
        merged = {
          of,
          with: {
            ...of,
            ...(view === undefined ? {} : { caretaking: { ...view, notifyCounts: notifyCounts() } }),
            ...besides(),
          },
        };
      }
      return merged.with;
    },
    take: (observation) => {
      if (closed || changing !== undefined) return;
      const next = seatNow(observation);
      if (next !== undefined && next.memberId !== seat?.memberId) {
        if (seat === undefined) {
          seat = next;
          caretaker = start(next);
        } else take(next);
      }
      if (changing === undefined) caretaker?.take(observation);
    },
    changed: note,
    ownChanged: () => {
      note();
      caretaker?.ownChanged();
    },
    nudge: () => {
      caretaker?.nudge();
    },
    close: async () => {
      closed = true;
      await changing;
      await caretaker?.close();
    },
  };
}

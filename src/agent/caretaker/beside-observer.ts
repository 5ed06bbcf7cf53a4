import type { CaretakingView, NotifyCount } from '../../cluster/caretaking-view.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { CaretakingPorts } from '../../expose/caretaking-ports.ts';
import { type Caretaker, startCaretaker } from './caretaker.ts';
import { refusedId } from './member-fitness.ts';
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
  close(): Promise<void>;
}

/** @param options asked for once, when the caretaker starts: by then the agent knows where it listens */
export function besideObserver(
  observed: () => Observation,
  notifyCounts: () => readonly NotifyCount[],
  options: () => Omit<CaretakerOptions, 'observation'>,
  besides: () => Pick<Observation, 'backups' | 'lastGasp'> = () => ({}),
): BesideObserver {
  let caretaker: Caretaker | undefined;
  let closed = false;
  let changed = true;
  let merged: { readonly of: Observation; readonly with: Observation } | undefined;

  const start = (memberId: string): Caretaker => {
    const { events, ...rest } = options();
    const onChange = (): void => {
      changed = true;
      events.onChange();
    };
    return startCaretaker({ ...rest, observation: observed, events: { ...events, onChange } }, memberId);
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
      const memberId = ownMember(observation);
      if (caretaker === undefined && !closed && memberId !== undefined) caretaker = start(memberId);
      caretaker?.take(observation);
    },
    changed: () => {
      changed = true;
    },
    close: async () => {
      closed = true;
      await caretaker?.close();
    },
  };
}

/** The id of the own member, once it has answered; under another name than configured it may be somebody else's. */
function ownMember(observation: Observation): string | undefined {
  const member = observation.sections.member?.value;
  return member?.findings.some(({ code }) => code === 'MEMBER_NAME_MISMATCH') === true
    ? undefined
    : (member?.status.memberId ?? refusedId(observation));
}

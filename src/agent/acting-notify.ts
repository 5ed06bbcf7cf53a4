import type { Observation } from '../cluster/observation.ts';
import { operationEnded, operationStarted, paused, resumed } from '../expose/notify/event.ts';
import { PageWatch } from '../expose/notify/page-watch.ts';
import type { Notifier } from '../expose/notify.ts';
import type { CaretakerEvents } from './caretaker/options.ts';

/** Tells the receivers of notifications what the agent does, and passes everything on. */
export function notifying(
  events: CaretakerEvents,
  notifier: Pick<Notifier, 'send'>,
  observation: () => Observation | undefined,
): CaretakerEvents {
  const nameOf = (memberId: string): string => {
    const members = observation()?.sections.cluster?.value?.members ?? [];
    return members.find(({ id }) => id === memberId)?.name || memberId;
  };
  const pages = new PageWatch(nameOf);
  return {
    ...events,
    onLeading: (leading, epoch) => {
      if (!leading) pages.forget();
      events.onLeading(leading, epoch);
    },
    onDecisions: (decisions) => {
      for (const event of pages.take(decisions, Date.now())) notifier.send(event);
      events.onDecisions(decisions);
    },
    onOperation: (slot) => {
      notifier.send(operationStarted(slot, nameOf));
      events.onOperation(slot);
    },
    onEnded: (entry) => {
      notifier.send(operationEnded(entry, nameOf));
      events.onEnded(entry);
    },
    onPaused: (wish) => {
      notifier.send(paused(wish, Date.now()));
      events.onPaused(wish);
    },
    onResumed: (by) => {
      notifier.send(resumed(by, Date.now()));
      events.onResumed(by);
    },
  };
}

import { createParser } from 'eventsource-parser';

/** One event of a text/event-stream. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads a text/event-stream piece by piece. What has no data is no event; comments, ids and retry times are left out: nothing here needs them. */
export class EventParser {
  #events: ServerEvent[] = [];
  readonly #parser = createParser({
    onEvent: ({ event = 'message', data }) => this.#events.push({ event, data }),
  });

  /** The events that are complete with this piece of decoded text. */
  push(piece: string): readonly ServerEvent[] {
    this.#parser.feed(piece);
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

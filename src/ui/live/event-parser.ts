/** One event of a text/event-stream. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Reads a text/event-stream piece by piece (HTML standard, 9.2.6). What has no data is no event; comments, ids and retry times are
 * left out: nothing here needs them.
 */
export class EventParser {
  #rest = '';
  #event = '';
  #data: string[] = [];

  /** The events that are complete with this piece of decoded text. */
  push(piece: string): readonly ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.#rest + piece;
    // A CR at the very end may be the first half of a CRLF.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') {
      const event = { event: this.#event || 'message', data: this.#data.join('\n') };
      const isEvent = this.#data.length > 0;
      this.#event = '';
      this.#data = [];
      return isEvent ? event : undefined;
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    return undefined;
  }
}

import { toJson } from '../http/json.ts';
import type { OpenStream } from '../http/route.ts';
import type { LivePorts, WholePart } from './live-ports.ts';

/** Changes that come in quick succession are sent together. */
const TOGETHER_MS = 50;

/** A client that was cut off comes back after that. */
const RETRY_MS = 2000;

/** Those that are compared with what was sent last; the history is told apart by who keeps it. */
const comparedParts = ['status', 'members', 'decisions', 'operations', 'backups', 'keyspace', 'changes'] as const;

interface Sent {
  readonly value: unknown;
  readonly event: string;
}

/**
 * The parts of what is shown live, to everybody who watches, as server-sent events (WHATWG HTML, section 9.2): each part is made into text once,
 * however many watch. While nobody does, nothing is asked or made.
 */
export class LiveStream {
  readonly #ports: LivePorts;
  readonly #clients = new Set<OpenStream>();
  readonly #sent = new Map<WholePart, Sent>();
  #unwatch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #historiesChanged = false;

  constructor(ports: LivePorts) {
    this.#ports = ports;
  }

  /** Sends all parts at once, and then what changes, until the client is gone. */
  open(client: OpenStream): void {
    if (client.ended.aborted) return;
    client.ended.addEventListener('abort', () => this.#leave(client), { once: true });
    this.#unwatch ??= this.#ports.watch({
      changed: () => this.#soon(),
      sampled: (sample) => this.#broadcast(eventOf('sample', toJson(sample))),
      historiesChanged: () => {
        this.#historiesChanged = true;
        this.#soon();
      },
    });
    // Those who watch already hear of what has changed first: what the new one gets is then what all have.
    this.#flush();
    this.#clients.add(client);
    const events = [...this.#sent.values()].map(({ event }) => event);
    client.send([`retry: ${RETRY_MS}\n\n`, ...events, this.#history()].join(''));
  }

  #leave(client: OpenStream): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#sent.clear();
    this.#historiesChanged = false;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      try {
        this.#flush();
      } catch (error) {
        for (const client of this.#clients) client.fail(error);
      }
    }, TOGETHER_MS).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const changed = comparedParts.flatMap((name) => this.#renewed(name) ?? []);
    if (this.#historiesChanged) {
      this.#historiesChanged = false;
      if (this.#clients.size > 0) changed.push(this.#history());
    }
    if (changed.length > 0) this.#broadcast(changed.join(''));
  }

  /** The event of a part, where it is another one than was sent last. */
  #renewed(name: (typeof comparedParts)[number]): string | undefined {
    const before = this.#sent.get(name);
    const value = this.#ports.part(name);
    if (before !== undefined && before.value === value) return undefined;
    const event = eventOf(name, toJson(value));
    this.#sent.set(name, { value, event });
    return event === before?.event ? undefined : event;
  }

  #history(): string {
    return eventOf('history', toJson(this.#ports.part('history')));
  }

  #broadcast(events: string): void {
    for (const client of this.#clients) client.send(events);
  }
}

/** JSON has no line ends in it but the one after it. */
function eventOf(name: string, json: string): string {
  return `event: ${name}\ndata: ${json.trimEnd()}\n\n`;
}

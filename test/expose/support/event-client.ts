import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { HttpServer } from '../../../src/expose/server.ts';

/** One event as it came. */
export interface StreamEvent {
  readonly name: string;
  readonly data: unknown;
}

/** A client of `GET /api/v1/stream` on a connection of its own. */
export interface EventClient {
  readonly response: IncomingMessage;
  /** Everything that has come so far, as text. */
  readonly text: () => string;
  /** All events so far. */
  readonly events: () => readonly StreamEvent[];
  /** The first event for which it holds, also of those that have come already. */
  readonly eventWhen: (holds: (event: StreamEvent) => boolean) => Promise<StreamEvent>;
  /** The text, once it is as wanted. */
  readonly textWhen: (holds: (text: string) => boolean) => Promise<string>;
  /** Settles when the server has ended it, or has cut it off. */
  readonly ended: Promise<void>;
  readonly leave: () => void;
}

/** Opens a stream; gives it once its head is there. */
export async function watchEvents(
  server: Pick<HttpServer, 'address'>,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventClient> {
  const { host, port } = server.address;
  const asked: ClientRequest = request({ host, port, path: '/api/v1/stream', headers, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  const waiting = new Set<() => void>();
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    for (const look of waiting) look();
  });
  const ended = Promise.withResolvers<void>();
  response.once('close', ended.resolve);
  response.on('error', () => undefined);
  asked.on('error', () => undefined);
  const when = async <T>(find: () => T | undefined): Promise<T> => {
    const found = Promise.withResolvers<T>();
    const look = (): void => {
      const value = find();
      if (value !== undefined) found.resolve(value);
    };
    waiting.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      waiting.delete(look);
    }
  };
  const events = (): readonly StreamEvent[] => eventsIn(text);
  return {
    response,
    text: () => text,
    events,
    eventWhen: (holds) => when(() => events().find(holds)),
    textWhen: (holds) => when(() => (holds(text) ? text : undefined)),
    ended: ended.promise,
    leave: () => asked.destroy(),
  };
}

/** Parses as the WHATWG's standard says, as far as it is used here. */
function eventsIn(text: string): readonly StreamEvent[] {
  const blocks = text.split('\n\n').slice(0, -1);
  return blocks.flatMap((block) => {
    const fields = block.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line));
    const name = fields.find((field) => field?.[1] === 'event')?.[2];
    const data = fields.find((field) => field?.[1] === 'data')?.[2];
    return name === undefined || data === undefined ? [] : [{ name, data: JSON.parse(data) }];
  });
}

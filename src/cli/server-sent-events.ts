import { createParser, type ParseError } from 'eventsource-parser';

/** The keyspace of a large cluster has some hundred KiB; what is larger is no part of ours. */
const MAX_EVENT_CHARACTERS = 32 * 2 ** 20;

/** One event of a stream. */
export interface ServerSentEvent {
  /** `message` where the stream names none. */
  readonly name: string;
  readonly data: string;
}

/**
 * The events in the bytes of a `text/event-stream`, and undefined for each comment: it only says that the server is there.
 * Throws where an event is larger than any of ours.
 */
export async function* serverSentEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent | undefined, void, undefined> {
  let came: (ServerSentEvent | undefined)[] = [];
  let tooLarge: ParseError | undefined;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: ({ event, data }) => came.push({ name: event ?? 'message', data }),
    onComment: () => came.push(undefined),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') tooLarge = error;
    },
  });
  // Characters may be cut by the border of two chunks.
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    const now = came;
    came = [];
    yield* now;
    if (tooLarge !== undefined) throw tooLarge;
  }
}

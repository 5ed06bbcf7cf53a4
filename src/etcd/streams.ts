import type { ClientReadableStream, Metadata } from '@grpc/grpc-js';
import type { Way } from './connection.ts';
import { wantsNewToken } from './grpc-errors.ts';
import type { Session } from './session.ts';
import type { Method } from './wire/method.ts';

/** How the call of a stream is begun: with one request, or as a stream both ways on which one request is sent. */
type Begin<Reply> = (session: Session, metadata: Metadata) => ClientReadableStream<Reply>;

/**
 * The messages of a stream as they arrive. Nothing is read ahead of the consumer beyond gRPC's flow control window, so a
 * slow consumer slows the server instead of filling memory. The stream ends when the consumer stops iterating, when the
 * signal is aborted, or with an `EtcdError`.
 */
async function* messages<Reply>(
  connection: Way,
  name: string,
  callerSignal: AbortSignal | undefined,
  begin: Begin<Reply>,
): AsyncGenerator<Reply, void, undefined> {
  const link = connection.linked(callerSignal);
  const { signal } = link;
  const session = await connection.open(name, signal).catch((error: unknown) => {
    link.release();
    throw error;
  });
  let delivered = false;
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        for await (const message of readAll(begin(session, await session.metadata(signal)), signal)) {
          delivered = true;
          yield message;
        }
        return;
      } catch (error) {
        // A token that was refused before the first message: nothing has happened yet, so a new one may be tried, once.
        if (delivered || attempt > 0 || !wantsNewToken(error) || !session.forgetToken()) throw error;
      }
    }
  } catch (error) {
    throw await connection.explain(error, name, signal, session);
  } finally {
    link.release();
    session.release();
  }
}

async function* readAll<Reply>(
  call: ClientReadableStream<Reply>,
  signal: AbortSignal,
): AsyncGenerator<Reply, void, undefined> {
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  // A call that is cancelled after its consumer has left still reports that: nobody is interested then.
  call.on('error', () => undefined);
  try {
    signal.throwIfAborted();
    for await (const message of call as AsyncIterable<Reply>) yield message;
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}

/** A call with one request and many answers. */
export function serverStream<Request, Reply>(
  connection: Way,
  method: Method<Request, Reply>,
  request: Request,
  signal: AbortSignal | undefined,
): AsyncGenerator<Reply, void, undefined> {
  return messages(connection, method.name, signal, (session, metadata) =>
    session.client.makeServerStreamRequest(method.path, method.encode, method.decode, request, metadata),
  );
}

/** A stream both ways, on which exactly one request is sent. */
export function duplexStream<Request, Reply>(
  connection: Way,
  method: Method<Request, Reply>,
  request: Request,
  signal: AbortSignal | undefined,
): AsyncGenerator<Reply, void, undefined> {
  return messages(connection, method.name, signal, (session, metadata) => {
    const call = session.client.makeBidiStreamRequest(method.path, method.encode, method.decode, metadata);
    call.write(request);
    return call;
  });
}

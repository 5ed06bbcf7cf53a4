import { untilAborted } from '../../abort/until-aborted.ts';

/**
 * The pieces of a body, each as it comes. Ends with the signal's reason once it is aborted, also where the body never gives
 * its next piece; the body is told that nobody reads on.
 */
export async function* piecesOf(
  body: Buffer | AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  if (Buffer.isBuffer(body)) {
    if (body.length > 0) yield body;
    return;
  }
  const pieces = body[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await untilAborted(pieces.next(), signal);
      if (next.done === true) {
        ended = true;
        return;
      }
      if (next.value.length > 0) yield next.value;
    }
  } catch (error) {
    ended = signal?.aborted !== true;
    throw error;
  } finally {
    // Not waited for: a body that hangs in `next` ends when that does.
    if (!ended) void Promise.resolve(pieces.return?.()).catch(() => undefined);
  }
}

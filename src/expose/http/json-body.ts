import type { IncomingMessage } from 'node:http';
import { ProblemError } from './problem.ts';

/** Far more than anything that can be asked for. */
const largestBodyBytes = 16 * 1024;

/** Whether a request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * The JSON of a request's body, undefined where there is none. Throws `ProblemError`: 415 for another content type, 413
 * where it is larger than 16 KiB, 400 where it is missing but needed, or is no JSON.
 */
export async function readJsonBody(request: IncomingMessage, takes: 'json' | 'optional json'): Promise<unknown> {
  if (!hasBody(request)) {
    if (takes === 'optional json') {
      return undefined;
    }
    throw new ProblemError({ status: 400, code: 'BODY_MISSING', detail: 'This needs a body of JSON.' });
  }
  const type = request.headers['content-type'] ?? '';
  // A page of another site cannot send this type without asking first (CORS), and is told no.
  if (!/^application\/json *(?:; *charset="?utf-8"? *)?$/i.test(type)) {
    const detail = 'The body has to be of the content type application/json, in UTF-8.';
    throw new ProblemError({ status: 415, code: 'CONTENT_TYPE_NOT_JSON', detail });
  }
  if (request.headers['content-encoding'] !== undefined) {
    throw new ProblemError({ status: 415, code: 'BODY_ENCODED', detail: 'The body has to come without an encoding.' });
  }
  const bytes = await bytesOf(request);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProblemError({ status: 400, code: 'BODY_NOT_JSON', detail: 'The body is not JSON in UTF-8.' });
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = new ProblemError({
    status: 413,
    code: 'BODY_TOO_LARGE',
    detail: `The body may have ${largestBodyBytes} bytes at most.`,
  });
  if (Number(request.headers['content-length'] ?? 0) > largestBodyBytes) {
    throw tooLarge;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  // Not an async iterator: leaving that early destroys the connection, and the refusal would not arrive.
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > largestBodyBytes) {
      request.pause();
      reject(tooLarge);
    } else {
      chunks.push(chunk);
    }
  });
  request.once('end', () => resolve(Buffer.concat(chunks)));
  const incomplete = new ProblemError({ status: 400, code: 'BODY_INCOMPLETE', detail: 'The body ended too early.' });
  request.once('error', () => reject(incomplete));
  request.once('close', () => reject(incomplete));
  return await promise;
}

import { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Attempts } from '../patience.ts';
import { type ByteRange, StoreError } from '../store.ts';
import { type S3Bucket, worthAnotherAttempt } from './bucket.ts';
import { IncompleteAnswer, saidBy } from './errors.ts';
import { s3Defaults } from './options.ts';

/**
 * Reads an object or part of it. A connection that breaks or hangs midway is made again from there, for the same content: a
 * changed object is `STORE_DAMAGED`. A range behind the end is empty.
 */
export async function* readObject(
  bucket: S3Bucket,
  key: string,
  { fromByte = 0, toByte = Number.POSITIVE_INFINITY }: Partial<ByteRange>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const attempts = new Attempts(`get ${key}`, bucket.patience, worthAnotherAttempt);
  let position = fromByte;
  let etag: string | undefined;
  while (position < toByte) {
    try {
      const answer = await request(bucket, key, { position, toByte, etag }, signal);
      if (answer === undefined) return;
      // Not every server looks at what `If-Match` says.
      if (etag !== undefined && answer.ETag !== etag) throw replaced(bucket, key);
      etag ??= answer.ETag;
      const { endByte, skipBytes } = boundsOf(answer, position, toByte);
      for await (const piece of piecesOfAnswer(bucket, answer, skipBytes, signal)) {
        // Some servers send more than they were asked for.
        const wanted = piece.subarray(0, Math.min(piece.length, toByte - position));
        position += wanted.length;
        attempts.progressed();
        if (wanted.length > 0) yield wanted;
        if (position >= toByte) return;
      }
      if (endByte === undefined || position >= endByte) return;
      throw new IncompleteAnswer(`it ended at byte ${position} of ${endByte}`);
    } catch (error) {
      await attempts.failed(error, signal);
    }
  }
}

interface Wanted {
  readonly position: number;
  readonly toByte: number;
  readonly etag: string | undefined;
}

/** Undefined where nothing lies behind the position. */
async function request(
  bucket: S3Bucket,
  key: string,
  { position, toByte, etag }: Wanted,
  signal: AbortSignal | undefined,
): Promise<GetObjectCommandOutput | undefined> {
  const { sdk, client } = await bucket.connection();
  const last = toByte === Number.POSITIVE_INFINITY ? '' : toByte - 1;
  const isPart = position > 0 || last !== '';
  const command = new sdk.GetObjectCommand({
    ...bucket.named(key),
    ...(await bucket.customerKey()),
    ...(isPart ? { Range: `bytes=${position}-${last}` } : {}),
    ...(etag === undefined ? {} : { IfMatch: etag }),
  });
  try {
    const answer = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
    if (answer.ETag === undefined) throw new IncompleteAnswer('it is no object');
    return answer;
  } catch (error) {
    const { status } = saidBy(error);
    if (status === 416) return undefined;
    if (status !== 412) throw error;
    throw replaced(bucket, key, error);
  }
}

function replaced({ url }: S3Bucket, key: string, cause?: unknown): StoreError {
  return new StoreError('STORE_DAMAGED', `${key} in ${url} was replaced while it was read.`, {
    remedy: 'Read it again. Objects of a backup are never replaced: find out who does.',
    cause,
    key,
  });
}

/** Where the answer's content ends in the object, and what comes before the position in it. */
function boundsOf(
  { ContentRange, ContentLength }: GetObjectCommandOutput,
  position: number,
  toByte: number,
): { readonly endByte: number | undefined; readonly skipBytes: number } {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  if (start !== undefined) return { endByte: Math.min(toByte, Number(total)), skipBytes: position - Number(start) };
  // The whole of it, whatever was asked for.
  return { endByte: ContentLength === undefined ? undefined : Math.min(toByte, ContentLength), skipBytes: position };
}

async function* piecesOfAnswer(
  bucket: S3Bucket,
  { Body: body }: GetObjectCommandOutput,
  skipBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  if (!(body instanceof Readable)) throw new IncompleteAnswer('it has no content');
  const { idleTimeoutMs = s3Defaults.idleTimeoutMs } = bucket.options;
  // Only the wait for the next piece counts, not how long the reader takes for one.
  const idle = () => setTimeout(() => body.destroy(new IncompleteAnswer('it went silent')), idleTimeoutMs);
  const stop = (): void => void body.destroy(new IncompleteAnswer('it is not wanted any more'));
  signal?.addEventListener('abort', stop, { once: true });
  let timer = idle();
  let skip = skipBytes;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      const rest = piece.subarray(Math.min(skip, piece.length));
      skip -= piece.length - rest.length;
      if (rest.length > 0) yield rest;
      timer = idle();
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    body.destroy();
  }
}

import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { type LinkedAbort, within } from '../../../abort/linked-abort.ts';
import type { S3Bucket } from './bucket.ts';
import type { S3Connection } from './connection.ts';
import { existsAlready, IncompleteAnswer, saidBy } from './errors.ts';
import { headObject } from './head.ts';

/** How long an upload that has failed may take to be aborted; what stays is found later. */
const ABORT_TIMEOUT_MS = 10_000;

/** What is learned of an upload on its way. */
export interface Confirmed {
  inParts: boolean;
}

interface UploadContext {
  readonly key: string;
  /** Of the put, as it stands in the object's metadata. */
  readonly id: string;
  /** Aborted with the first failure. */
  readonly whole: LinkedAbort;
  readonly confirmed: Confirmed;
}

/** What lib-storage asks of a client. */
type UploadClient = Pick<S3Client, 'config' | 'send'>;
/** A command of an upload, and what is looked at in its answer. */
type UploadCommand = Parameters<S3Client['send']>[0];
interface UploadAnswer {
  readonly ETag?: string;
  readonly UploadId?: string;
}

/**
 * The client that lib-storage sends the requests of one upload through. It adds what that one lacks: patience, the caller's
 * signal in each request, an end of everything with the first failure, a digest for servers that know no newer one, and an
 * answer where the server's was lost: an object with this put's id is this put's.
 */
export async function uploadSender(bucket: S3Bucket, context: UploadContext): Promise<S3Client> {
  const { client } = await bucket.connection();
  const send = async (command: UploadCommand): Promise<unknown> => {
    const kind = command.constructor.name;
    if (kind === 'AbortMultipartUploadCommand') return await abortUpload(bucket, command);
    try {
      return await confirmedAnswer(bucket, command, kind, context);
    } catch (error) {
      context.whole.abort(error);
      throw error;
    }
  };
  const sender: UploadClient = { config: client.config, send: send as S3Client['send'] };
  return sender as S3Client;
}

/** In place of an answer that was lost. */
const foundAnswer: UploadAnswer = { ETag: 'as found' };

/** Sends one request of an upload until the server has confirmed it. */
async function confirmedAnswer(
  bucket: S3Bucket,
  command: UploadCommand,
  kind: string,
  { key, id, whole: { signal }, confirmed }: UploadContext,
): Promise<unknown> {
  if (bucket.options.checksums === 'when-required') addDigest(command.input);
  const isEndOfParts = kind === 'CompleteMultipartUploadCommand';
  const isLast = kind === 'PutObjectCommand' || isEndOfParts;
  let attempts = 0;
  try {
    return await bucket.ask(
      `put ${key}`,
      async (connection) => {
        attempts += 1;
        // Where an answer was lost the upload may have ended; not every server says then that it is not there any more.
        if (isEndOfParts && attempts > 1 && (await headObject(bucket, key, signal))?.putId === id) return foundAnswer;
        const answer = await sendOnce(connection, command, signal);
        const isComplete = kind === 'CreateMultipartUploadCommand' ? answer.UploadId : answer.ETag;
        if (isComplete === undefined || isComplete === '') throw new IncompleteAnswer(`${kind} was not confirmed`);
        confirmed.inParts ||= kind === 'CreateMultipartUploadCommand';
        return answer;
      },
      signal,
    );
  } catch (error) {
    // Either somebody else's object is there (412), or our own, and the first answer was lost; then the upload is gone (404).
    const { status } = saidBy(error);
    if (!isLast || (status !== 412 && status !== 404)) throw error;
    const found = await headObject(bucket, key, signal);
    if (found?.putId === id) return foundAnswer;
    if (status === 404 || found === undefined) throw error;
    throw existsAlready(bucket.url, key);
  }
}

async function sendOnce({ client }: S3Connection, command: UploadCommand, signal: AbortSignal): Promise<UploadAnswer> {
  const answer: unknown = await client.send(command, { abortSignal: signal });
  return answer as UploadAnswer;
}

/** Never throws: what it fails with would hide why the upload failed. */
async function abortUpload(bucket: S3Bucket, command: UploadCommand): Promise<UploadAnswer> {
  return await within([], ABORT_TIMEOUT_MS, async (signal) => {
    try {
      return await sendOnce(await bucket.connection(), command, signal);
    } catch {
      return {};
    }
  });
}

function addDigest(input: object): void {
  const body: unknown = Reflect.get(input, 'Body');
  if (!(body instanceof Uint8Array) || Reflect.has(input, 'ContentMD5')) return;
  Reflect.set(input, 'ContentMD5', createHash('md5').update(body).digest('base64'));
}

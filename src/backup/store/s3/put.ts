import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { PutObjectCommandInput, StorageClass } from '@aws-sdk/client-s3';
import { linkedAbort } from '../../../abort/linked-abort.ts';
import { pause } from '../patience.ts';
import { piecesOf } from '../pieces.ts';
import { type PutOptions, StoreError } from '../store.ts';
import type { S3Bucket } from './bucket.ts';
import type { ConditionalPuts } from './conditional.ts';
import { existsAlready } from './errors.ts';
import { headObject } from './head.ts';
import { s3Defaults } from './options.ts';
import { partBytesFor } from './part-size.ts';
import { PUT_ID } from './put-id.ts';
import { type Confirmed, uploadSender } from './upload-sender.ts';

/** How long after a put that the server did not guard somebody else's may still come in its place. */
const SETTLE_MS = 1000;

/**
 * Puts an object: in one request where it fits into one part, else in parts of which only so many are in memory. Back when
 * the server has confirmed all of it. Where the body throws, or nothing helps, the upload is aborted.
 */
export async function putObject(
  bucket: S3Bucket,
  conditional: ConditionalPuts,
  key: string,
  body: Buffer | AsyncIterable<Buffer>,
  { ifAbsent = false, expectedBytes }: PutOptions,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: number }> {
  const guard = ifAbsent ? ((await conditional.areHonoured(signal)) ? 'server' : 'lookup') : 'none';
  if (guard === 'lookup' && (await headObject(bucket, key, signal)) !== undefined) throw existsAlready(bucket.url, key);
  const { Upload } = await import('@aws-sdk/lib-storage');
  const id = randomUUID();
  // The first failure ends everything: the other parts, and the wait for the body's next piece.
  const whole = linkedAbort([signal]);
  let bytes = 0;
  const counted = async function* () {
    for await (const piece of piecesOf(body, whole.signal)) {
      bytes += piece.length;
      yield piece;
    }
  };
  const source = Readable.from(counted(), { objectMode: true, highWaterMark: 1 });
  try {
    const params: PutObjectCommandInput = {
      ...bucket.named(key),
      ...(bucket.options.storageClass === undefined
        ? {}
        : { StorageClass: bucket.options.storageClass as StorageClass }),
      ...encryptedAs(bucket),
      ...(await bucket.customerKey()),
      Body: source,
      Metadata: { [PUT_ID]: id },
      ContentType: 'application/octet-stream',
      ...(guard === 'server' ? { IfNoneMatch: '*' } : {}),
    };
    const confirmed: Confirmed = { inParts: false };
    const upload = new Upload({
      client: await uploadSender(bucket, { key, id, whole, confirmed }),
      params,
      partSize: partBytesFor(expectedBytes, bucket.options.partBytes),
      queueSize: bucket.options.partsAtOnce ?? s3Defaults.partsAtOnce,
    });
    await upload.done();
    signal?.throwIfAborted();
    if (guard === 'lookup') await pause(SETTLE_MS, signal);
    if (guard === 'lookup' || confirmed.inParts) await lookAfterwards(bucket, { key, id, bytes }, signal);
    return { bytes };
  } finally {
    // The body learns that nobody reads on, where it was not read to its end.
    source.destroy();
    whole.release();
  }
}

/** How the server is to encrypt an object. */
export function encryptedAs({
  options: { encryption },
}: S3Bucket): Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId'> {
  return {
    ...(encryption?.kind === 'sse-s3' ? { ServerSideEncryption: 'AES256' } : {}),
    ...(encryption?.kind === 'sse-kms' ? { ServerSideEncryption: 'aws:kms' } : {}),
    ...(encryption?.kind === 'sse-kms' && encryption.keyId !== undefined ? { SSEKMSKeyId: encryption.keyId } : {}),
  };
}

/** What lies there must be what was put, whole. */
async function lookAfterwards(
  bucket: S3Bucket,
  { key, id, bytes }: { readonly key: string; readonly id: string; readonly bytes: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await headObject(bucket, key, signal);
  if (found !== undefined && found.putId !== id) throw existsAlready(bucket.url, key);
  if (found?.bytes === bytes) return;
  const what = found === undefined ? 'is not there' : `has ${found.bytes} bytes`;
  throw new StoreError('STORE_DAMAGED', `${key} was put to ${bucket.url} with ${bytes} bytes, but ${what}.`, {
    remedy: 'Look at the store: it confirmed what it does not have.',
    key,
  });
}

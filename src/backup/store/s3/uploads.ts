import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import type { S3Bucket } from './bucket.ts';
import { saidBy } from './errors.ts';

/** An upload in parts that was begun and has not ended: its parts are stored, and paid for, but are no object. */
interface OpenUpload {
  readonly Key: string;
  readonly UploadId: string;
  readonly initiatedAtMs: number;
}

/**
 * Uploads below `prefix` that were begun more than `olderThanMs` ago by the server's clock. A server that cannot list them is
 * noticed.
 * @param isOwn whether this process still writes to a key
 */
export async function* oldUploads(
  bucket: S3Bucket,
  prefix: string,
  olderThanMs: number,
  isOwn: (key: string) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<OpenUpload, void, undefined> {
  for await (const upload of openUploads(bucket, bucket.prefix + prefix, signal)) {
    const isOld = Date.now() - upload.initiatedAtMs > olderThanMs;
    if (isOld && !isOwn(upload.Key.slice(bucket.prefix.length))) yield upload;
  }
}

/** Aborts an upload; one that has ended meanwhile is none to fail on. */
export async function abortUpload(
  bucket: S3Bucket,
  { Key, UploadId }: OpenUpload,
  signal: AbortSignal | undefined,
): Promise<void> {
  await bucket.ask(
    `abort the upload of ${Key}`,
    async ({ sdk, client }) => {
      const command = new sdk.AbortMultipartUploadCommand({ Bucket: bucket.name, Key, UploadId });
      try {
        await client.send(command, signal === undefined ? {} : { abortSignal: signal });
      } catch (error) {
        if (saidBy(error).name !== 'NoSuchUpload') throw error;
      }
    },
    signal,
  );
}

async function* openUploads(
  bucket: S3Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<OpenUpload, void, undefined> {
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const page: ListMultipartUploadsCommandOutput | undefined = await pageOf(bucket, prefix, marker, signal);
    if (page === undefined) return;
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      // Without a time nobody knows how old it is.
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue;
      yield { Key, UploadId, initiatedAtMs: Initiated.getTime() };
    }
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
    const isMore = IsTruncated === true && NextKeyMarker !== undefined;
    marker = isMore
      ? {
          KeyMarker: NextKeyMarker,
          ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
        }
      : undefined;
  }
}

/** Undefined where the server cannot list them. */
async function pageOf(
  bucket: S3Bucket,
  prefix: string,
  marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string },
  signal: AbortSignal | undefined,
): Promise<ListMultipartUploadsCommandOutput | undefined> {
  try {
    return await bucket.ask(
      'list uploads that have not ended',
      async ({ sdk, client }) => {
        const command = new sdk.ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: prefix, ...marker });
        return await client.send(command, signal === undefined ? {} : { abortSignal: signal });
      },
      signal,
    );
  } catch (error) {
    const { status } = saidBy(error);
    if (status !== 501 && status !== 405) throw error;
    bucket.notice({
      code: 'STORE_UPLOADS_NOT_LISTED',
      message: `${bucket.url} cannot list uploads that have not ended: let a rule of the bucket take them away after a day.`,
    });
    return undefined;
  }
}

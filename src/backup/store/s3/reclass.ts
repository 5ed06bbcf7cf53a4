import type { CompletedPart, HeadObjectCommandOutput, StorageClass } from '@aws-sdk/client-s3';
import { within } from '../../../abort/linked-abort.ts';
import { StoreError } from '../store.ts';
import type { S3Bucket } from './bucket.ts';
import { IncompleteAnswer } from './errors.ts';
import { partBytesFor } from './part-size.ts';
import { encryptedAs } from './put.ts';

/** What S3 says of an object in its usual class: nothing. */
const USUAL_CLASS = 'STANDARD';
/** S3 copies up to 5 GiB in one request, which may take longer than a server stays silent unnoticed. */
const AT_ONCE_BYTES = 2 ** 30;
const PART_BYTES = 2 ** 29;
const ABORT_TIMEOUT_MS = 10_000;

/**
 * Copies an object onto itself in another storage class, encrypted as the options say; what is said with it stays. Whoever reads
 * meanwhile reads the same bytes. False: it is in that class already. Throws `STORE_UNSUPPORTED` where the server takes the
 * copy and not the class.
 */
export async function reclassObject(
  bucket: S3Bucket,
  key: string,
  storageClass: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const found = await look(bucket, key, signal);
  if (classOf(found) === storageClass) return false;
  const copy =
    (found.ContentLength ?? 0) > (bucket.options.copyAtOnceBytes ?? AT_ONCE_BYTES) ? copyInParts : copyAtOnce;
  await copy(bucket, { key, found, storageClass }, signal);
  const after = await look(bucket, key, signal);
  if (classOf(after) === storageClass) return true;
  throw new StoreError(
    'STORE_UNSUPPORTED',
    `${bucket.url} has copied ${key} for the class ${storageClass}, but it lies in ${classOf(after)}.`,
    { remedy: 'Choose a class that the server has, or leave backup.retention.coldAfter out.', key },
  );
}

interface Reclassed {
  readonly key: string;
  readonly found: HeadObjectCommandOutput;
  readonly storageClass: string;
}

function classOf({ StorageClass = USUAL_CLASS }: HeadObjectCommandOutput): string {
  return StorageClass;
}

async function look(bucket: S3Bucket, key: string, signal: AbortSignal | undefined): Promise<HeadObjectCommandOutput> {
  return await bucket.ask(
    `head ${key}`,
    async ({ sdk, client }) => {
      const command = new sdk.HeadObjectCommand({ ...bucket.named(key), ...(await bucket.customerKey()) });
      const answer = await client.send(command, abortable(signal));
      if (answer.ETag === undefined) throw new IncompleteAnswer('it is no object');
      return answer;
    },
    signal,
  );
}

/** What the copy is made of: this very content. */
async function sourceOf(bucket: S3Bucket, { key, found }: Reclassed) {
  const { Bucket, Key } = bucket.named(key);
  const own = await bucket.customerKey();
  return {
    CopySource: encodeURIComponent(`${Bucket}/${Key}`).replaceAll('%2F', '/'),
    ...(found.ETag === undefined ? {} : { CopySourceIfMatch: found.ETag }),
    ...('SSECustomerKey' in own
      ? {
          CopySourceSSECustomerAlgorithm: own.SSECustomerAlgorithm,
          CopySourceSSECustomerKey: own.SSECustomerKey,
          CopySourceSSECustomerKeyMD5: own.SSECustomerKeyMD5,
        }
      : {}),
  };
}

async function targetOf(bucket: S3Bucket, { key, found, storageClass }: Reclassed) {
  return {
    ...bucket.named(key),
    ...(await bucket.customerKey()),
    ...encryptedAs(bucket),
    StorageClass: storageClass as StorageClass,
    ...(found.Metadata === undefined ? {} : { Metadata: found.Metadata }),
    ...(found.ContentType === undefined ? {} : { ContentType: found.ContentType }),
  };
}

async function copyAtOnce(bucket: S3Bucket, object: Reclassed, signal: AbortSignal | undefined): Promise<void> {
  await bucket.ask(
    `copy ${object.key}`,
    async ({ sdk, client }) => {
      const command = new sdk.CopyObjectCommand({
        ...(await targetOf(bucket, object)),
        ...(await sourceOf(bucket, object)),
        // Said anew, and the same: some servers copy nothing onto itself otherwise.
        MetadataDirective: 'REPLACE',
      });
      const answer = await client.send(command, abortable(signal));
      if (answer.CopyObjectResult?.ETag === undefined) throw new IncompleteAnswer('the copy was not confirmed');
    },
    signal,
  );
}

async function copyInParts(bucket: S3Bucket, object: Reclassed, signal: AbortSignal | undefined): Promise<void> {
  const { key, found } = object;
  const id = await bucket.ask(
    `begin to copy ${key}`,
    async ({ sdk, client }) => {
      const command = new sdk.CreateMultipartUploadCommand(await targetOf(bucket, object));
      const { UploadId } = await client.send(command, abortable(signal));
      if (UploadId === undefined) throw new IncompleteAnswer('the upload was not confirmed');
      return UploadId;
    },
    signal,
  );
  const upload = { ...bucket.named(key), UploadId: id };
  try {
    const Parts = await copyParts(bucket, object, id, found.ContentLength ?? 0, signal);
    await bucket.ask(
      `end the copy of ${key}`,
      async ({ sdk, client }) => {
        const command = new sdk.CompleteMultipartUploadCommand({
          ...upload,
          ...(await bucket.customerKey()),
          MultipartUpload: { Parts: [...Parts] },
        });
        const answer = await client.send(command, abortable(signal));
        if (answer.ETag === undefined) throw new IncompleteAnswer('the copy was not confirmed');
      },
      signal,
    );
  } catch (error) {
    // Where its answer was lost the copy may be whole, and the upload gone: the class is looked at anyway the next time.
    await within([], ABORT_TIMEOUT_MS, async (limit) => {
      const { sdk, client } = await bucket.connection();
      await client.send(new sdk.AbortMultipartUploadCommand(upload), { abortSignal: limit });
    }).catch(() => undefined);
    throw error;
  }
}

async function copyParts(
  bucket: S3Bucket,
  object: Reclassed,
  UploadId: string,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<readonly CompletedPart[]> {
  const { key } = object;
  const partBytes = bucket.options.copyAtOnceBytes ?? partBytesFor(bytes, PART_BYTES);
  const parts: CompletedPart[] = [];
  for (let from = 0; from < bytes; from += partBytes) {
    const PartNumber = parts.length + 1;
    const last = Math.min(bytes, from + partBytes) - 1;
    const ETag = await bucket.ask(
      `copy part ${PartNumber} of ${key}`,
      async ({ sdk, client }) => {
        const command = new sdk.UploadPartCopyCommand({
          ...{ ...bucket.named(key), UploadId, PartNumber },
          ...(await bucket.customerKey()),
          ...(await sourceOf(bucket, object)),
          CopySourceRange: `bytes=${from}-${last}`,
        });
        const { CopyPartResult } = await client.send(command, abortable(signal));
        if (CopyPartResult?.ETag === undefined) throw new IncompleteAnswer('the part was not confirmed');
        return CopyPartResult.ETag;
      },
      signal,
    );
    parts.push({ PartNumber, ETag });
  }
  return parts;
}

function abortable(signal: AbortSignal | undefined) {
  return signal === undefined ? {} : { abortSignal: signal };
}

import type { StoredObject } from '../store.ts';
import type { S3Bucket } from './bucket.ts';
import { IncompleteAnswer, saidBy } from './errors.ts';
import { PUT_ID } from './put-id.ts';

/** An object, and which put made it. */
export interface FoundObject extends StoredObject {
  readonly putId: string | undefined;
}

/** Looks whether an object is there. */
export async function headObject(
  bucket: S3Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<FoundObject | undefined> {
  try {
    const answer = await bucket.ask(
      `head ${key}`,
      async ({ sdk, client }) => {
        const command = new sdk.HeadObjectCommand({ ...bucket.named(key), ...(await bucket.customerKey()) });
        const found = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
        if (found.ETag === undefined) throw new IncompleteAnswer('it is no object');
        return found;
      },
      signal,
    );
    return {
      key,
      bytes: answer.ContentLength ?? 0,
      modifiedAtMs: answer.LastModified?.getTime() ?? 0,
      ...(answer.StorageClass === undefined ? {} : { storageClass: answer.StorageClass }),
      putId: answer.Metadata?.[PUT_ID],
    };
  } catch (error) {
    if (saidBy(error).status === 404) return undefined;
    throw error;
  }
}

import type { StoredObject } from '../store.ts';
import type { S3Bucket } from './bucket.ts';
import { IncompleteAnswer } from './errors.ts';

/** Up to a thousand objects, and where the next ones begin; undefined: there are none. */
export interface ListedPage {
  readonly objects: readonly StoredObject[];
  readonly next: string | undefined;
}

/** One page of a list; what is no key of ours is left out. */
export async function listPage(
  bucket: S3Bucket,
  prefix: string,
  { after = '', token }: { readonly after: string | undefined; readonly token: string | undefined },
  signal: AbortSignal | undefined,
): Promise<ListedPage> {
  const begin = bucket.prefix;
  const answer = await bucket.ask(
    `list ${prefix}`,
    async ({ sdk, client }) => {
      const command = new sdk.ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix: begin + prefix,
        ...(after === '' ? {} : { StartAfter: begin + after }),
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const page = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
      // A page of something else reads like a list without objects.
      if (page.Name === undefined) throw new IncompleteAnswer('it is no list');
      if (page.IsTruncated === true && page.NextContinuationToken === undefined)
        throw new IncompleteAnswer('it breaks off');
      return page;
    },
    signal,
  );
  const objects = (answer.Contents ?? []).flatMap(({ Key = '', Size = 0, LastModified, StorageClass }) => {
    const key = Key.slice(begin.length);
    if (key.split('/').some((part) => part === '' || part.startsWith('.'))) return [];
    const storageClass = StorageClass === undefined ? {} : { storageClass: StorageClass };
    return [{ key, bytes: Size, modifiedAtMs: LastModified?.getTime() ?? 0, ...storageClass }];
  });
  return {
    objects: objects.sort((a, b) => (a.key < b.key ? -1 : 1)),
    next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined,
  };
}

import type { KeyChange } from './key-change.ts';

/** Below etcd's default `--max-txn-ops`, 128, which counts conditions and changes apart. */
const MAX_CHANGES = 100;
/** A third of etcd's default `--max-request-bytes`, 1.5 MiB: whatever the encoding adds. One large value goes alone. */
const MAX_REQUEST_BYTES = 512 * 1024;
/** Of what is replaced, which is written to the undo file first. */
const MAX_REPLACED_BYTES = 4 * 1024 * 1024;
const OVERHEAD_BYTES = 64;

/** Groups changes into transactions that etcd takes with its default limits. */
export async function* batchesOf(
  changes: AsyncIterable<KeyChange>,
): AsyncGenerator<readonly KeyChange[], void, undefined> {
  let batch: KeyChange[] = [];
  let [requestBytes, replacedBytes] = [0, 0];
  for await (const change of changes) {
    const request = requestBytesOf(change);
    const replaced = change.found?.value.length ?? 0;
    const isFull =
      batch.length >= MAX_CHANGES ||
      requestBytes + request > MAX_REQUEST_BYTES ||
      replacedBytes + replaced > MAX_REPLACED_BYTES;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      [requestBytes, replacedBytes] = [0, 0];
    }
    batch.push(change);
    requestBytes += request;
    replacedBytes += replaced;
  }
  if (batch.length > 0) yield batch;
}

/** The key stands in the condition and in the change. */
function requestBytesOf({ key, wanted }: KeyChange): number {
  return 2 * key.length + (wanted?.value.length ?? 0) + OVERHEAD_BYTES;
}

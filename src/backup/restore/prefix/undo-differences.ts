import { createHash } from 'node:crypto';
import type { MemberClient } from '../../../etcd/member-client.ts';
import type { KeyValue } from '../../../etcd/types.ts';
import type { DifferenceKind, FoundKey, KeyDifference } from './key-change.ts';
import { PATIENCE, patiently } from './patience.ts';
import { readUndoEntries, type UndoEntry } from './read-undo-file.ts';
import { contains, type Subtree } from './subtree.ts';
import { undoInvalid } from './undo-format.ts';

export interface UndoOptions {
  readonly file: string;
  readonly subtree: Subtree;
  readonly client: Pick<MemberClient, 'range'>;
  /** Hears of every key that is as it was before the restore. */
  readonly onEqual?: () => void;
}

const LOOKUPS_AT_ONCE = 16;

/**
 * What is to be done to get back what a restore has replaced: of each key that is still as the restore left it. What was
 * written since then is only told. Throws `UNDO_FILE_INVALID` and `EtcdError`.
 */
export async function* undoDifferences(
  options: UndoOptions,
  signal: AbortSignal,
): AsyncGenerator<KeyDifference, void, undefined> {
  let group: UndoEntry[] = [];
  for await (const entry of readUndoEntries(options.file)) {
    if (!contains(options.subtree, entry.key)) {
      throw undoInvalid(options.file, `a key in it is not below ${options.subtree.name}`);
    }
    group.push(entry);
    if (group.length < LOOKUPS_AT_ONCE) continue;
    yield* compared(group, options, signal);
    group = [];
  }
  yield* compared(group, options, signal);
}

async function* compared(
  entries: readonly UndoEntry[],
  { client, onEqual }: UndoOptions,
  signal: AbortSignal,
): AsyncGenerator<KeyDifference, void, undefined> {
  const pages = await Promise.all(
    entries.map(({ key }) => patiently(() => client.range({ key }, signal), PATIENCE, signal)),
  );
  for (const [index, entry] of entries.entries()) {
    const found = foundKey(pages[index]?.kvs[0]);
    const { key, before } = entry;
    const isBefore = before === null ? found === undefined : found?.value.equals(before.value) === true;
    if (isBefore) {
      onEqual?.();
      continue;
    }
    const kind = isAsLeft(entry, found) ? kindOf(entry, found) : 'changed-since';
    yield { kind, key, wanted: before ?? undefined, found };
  }
}

function foundKey(kv: KeyValue | undefined): FoundKey | undefined {
  return kv === undefined ? undefined : { value: Buffer.from(kv.value), modRevision: kv.modRevision, lease: kv.lease };
}

/** Where the answer was lost, by its content. */
function isAsLeft({ after, revision }: UndoEntry, found: FoundKey | undefined): boolean {
  if (after === null) return found === undefined;
  if (found === undefined) return false;
  if (revision !== undefined) return found.modRevision === revision;
  return createHash('sha256').update(found.value).digest('hex') === after.sha256;
}

function kindOf({ before }: UndoEntry, found: FoundKey | undefined): DifferenceKind {
  if (before === null) return 'delete';
  return found === undefined ? 'put-back' : 'change-back';
}

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import type { FullEntry } from '../chain/catalogue.ts';
import { DatabaseFile } from '../full/bolt/database-file.ts';
import { type KeyEntry, visitKeyEntries } from '../full/bolt/key-entries.ts';
import type { FullManifest } from '../manifest.ts';
import { BrokenObject, brokenOr, objectDamaged } from '../restore/broken-object.ts';
import { checkedBytes, decompressed, resumed } from '../restore/checked-bytes.ts';
import { decrypting } from '../restore/decrypting.ts';
import { counted, type StoredRecordsOptions } from '../restore/stored-records.ts';

export interface SnapshotFileOptions extends StoredRecordsOptions {
  /** Where it lies while it is read: it takes as much room as the database. */
  readonly folder: string;
}

/**
 * A full snapshot of the store as a file on this machine, to be read by the tree in it: its keys come in the order of their
 * revisions, and neither etcd nor its tools are needed. The file has no name, so that whatever ends this process, nothing
 * of it is left; whoever fetches it closes it.
 */
export class SnapshotFile implements AsyncDisposable {
  readonly #entry: FullEntry;
  readonly #file: FileHandle;

  private constructor(entry: FullEntry, file: FileHandle) {
    this.#entry = entry;
    this.#file = file;
  }

  /** Brings it here, every byte checked. Throws `BrokenObject`, `IDENTITY_MISSING`, `NO_ROOM`, and what the store throws. */
  static async fetch(
    entry: FullEntry,
    manifest: FullManifest,
    { store, decryption, folder, onBytes }: SnapshotFileOptions,
    signal: AbortSignal,
  ): Promise<SnapshotFile> {
    const { object } = manifest;
    const file = await openNameless(folder);
    try {
      const stored = checkedBytes(counted(resumed(store, object, signal), onBytes), manifest.stored, object);
      const compressed = decrypting(stored, manifest, decryption, object);
      await file.writeFile(checkedBytes(decompressed(compressed, object, signal), manifest.plain, object), { signal });
      return new SnapshotFile(entry, file);
    } catch (error) {
      await file.close();
      signal.throwIfAborted();
      throw isFull(error) ? noRoom(folder, manifest, error) : brokenOr(entry.key, error);
    }
  }

  /** Visits its entries up to a revision, ascending. Throws `BrokenObject`. */
  async visit(upTo: bigint, visit: (entry: KeyEntry) => void, signal: AbortSignal): Promise<void> {
    try {
      await visitKeyEntries(new DatabaseFile(this.#file.fd), upTo, visit, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AgentError) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw new BrokenObject(this.#entry.key, objectDamaged(this.#entry.key, what));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `.etcd-caretaker-${randomBytes(8).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function noRoom(folder: string, { object, plain }: FullManifest, cause: unknown): AgentError {
  return new AgentError('NO_ROOM', `There is no room in ${folder} for ${object}, which is of ${plain.bytes} bytes.`, {
    remedy: 'Name a folder with more room (--work-folder, or TMPDIR).',
    cause,
  });
}

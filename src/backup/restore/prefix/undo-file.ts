import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AgentError } from '../../../cluster/agent-error.ts';
import { syncFolder } from '../../store/local/durable-file.ts';
import type { KeyChange } from './key-change.ts';
import type { Subtree } from './subtree.ts';
import { UNDO_FORMAT, undoLine } from './undo-format.ts';
import type { WriteOutcome } from './write-outcome.ts';

export interface UndoFileOptions {
  /** Must not be there. */
  readonly path: string;
  readonly clusterId: string;
  readonly subtree: Subtree;
}

/**
 * Keeps what a restore replaces (0600): on the disk before the cluster hears of the change, so that whatever happens then, it
 * can be put back. Made with the first change; whoever opens it closes it.
 */
export class UndoFile implements AsyncDisposable {
  readonly path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Throws `OUTPUT_EXISTS`. */
  static async create({ path, clusterId, subtree }: UndoFileOptions): Promise<UndoFile> {
    const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? exists(path) : error;
    });
    const file = new UndoFile(path, handle);
    try {
      const { prefix, literal } = subtree;
      const at = new Date().toISOString();
      await file.#write(
        undoLine({ format: UNDO_FORMAT, version: 1, at, clusterId, prefix: prefix.toString('base64'), literal }),
      );
      await handle.sync();
      await syncFolder(dirname(path));
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Durable when it is back. */
  async replacing(changes: readonly KeyChange[]): Promise<void> {
    await this.#write(changes.map(keyLine).join(''));
    await this.#file.datasync();
  }

  /** What became of the changes that were replaced last. */
  async made(outcomes: readonly WriteOutcome[]): Promise<void> {
    const revisions = outcomes.map((outcome) => (outcome.result === 'made' ? outcome.revision : null));
    await this.#write(undoLine({ revisions }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
  }

  async #write(text: string): Promise<void> {
    await this.#file.appendFile(text);
  }
}

/** Whether an undo file can be made: asked before anything else is done. Throws `OUTPUT_EXISTS`, or what the system says of the folder. */
export async function checkUndoPath(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw exists(path);
  await access(dirname(path), constants.W_OK | constants.X_OK);
}

function keyLine({ key, wanted, found }: KeyChange): string {
  return undoLine({
    key: key.toString('base64'),
    before:
      found === undefined
        ? null
        : { value: found.value.toString('base64'), modRevision: found.modRevision, lease: found.lease },
    after:
      wanted === undefined
        ? null
        : {
            bytes: wanted.value.length,
            sha256: createHash('sha256').update(wanted.value).digest('hex'),
            lease: wanted.lease,
          },
  });
}

function exists(path: string): AgentError {
  return new AgentError('OUTPUT_EXISTS', `${path} is there already, and is not overwritten.`, {
    remedy: 'Name another file with --undo-file; that one may be needed to undo an earlier restore.',
  });
}

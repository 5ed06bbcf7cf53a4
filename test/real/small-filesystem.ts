import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory of a test's own, which the test can fill up. */
export type SmallFilesystem = AsyncDisposable & {
  readonly path: string;
  /** Writes until the kernel answers ENOSPC; returns how many bytes there was room for. */
  fill(): number;
  /** Writes until so much of it is used. */
  fillTo(ratio: number): void;
  /** Takes away what `fill` wrote. */
  empty(): void;
};

const mounted = new Set<string>();

process.on('exit', () => {
  for (const path of mounted) {
    unmount(path);
  }
});

/** Mounts a tmpfs of so many bytes; throws with what `mount` said where it may not. */
export const mountSmallFilesystem = (sizeBytes: number): SmallFilesystem => {
  const path = mkdtempSync(join(tmpdir(), 'caretaker-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'tmpfs', path]);
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  mounted.add(path);
  const filler = join(path, 'filler');
  return {
    path,
    fill: () => writeUntilFull(filler),
    fillTo: (ratio) => {
      const { blocks, bavail, bsize } = statfsSync(path);
      const left = bavail - Math.ceil((1 - ratio) * blocks);
      writeFileSync(filler, Buffer.alloc(Math.max(0, left) * bsize, 1));
    },
    empty: () => rmSync(filler, { force: true }),
    [Symbol.asyncDispose]: async () => unmount(path),
  };
};

const unmount = (path: string): void => {
  // Lazily: a process that has just ended may still be letting go of its files.
  execFileSync('umount', ['--lazy', path]);
  mounted.delete(path);
  rmdirSync(path);
};

const writeUntilFull = (path: string): number => {
  const file = openSync(path, 'w');
  let written = 0;
  try {
    for (let piece = Buffer.alloc(2 ** 20, 1); piece.length > 0; ) {
      try {
        written += writeSync(file, piece);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) {
          throw error;
        }
        piece = piece.subarray(0, Math.floor(piece.length / 2));
      }
    }
  } finally {
    closeSync(file);
  }
  return written;
};

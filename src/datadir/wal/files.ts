import { join } from 'node:path';
import { Damage } from '../damage.ts';
import { namesIn } from '../places.ts';

/** One file of a WAL. */
export interface WalFile {
  readonly path: string;
  readonly sequence: bigint;
  /** Index of the first entry that it may hold. */
  readonly firstIndex: bigint;
}

/** `<sequence>-<index>.wal`, both hexadecimal. */
const NAME = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/;

/**
 * The files of a WAL in their order; none where there is no such folder. Throws `Damage` where one in between is missing, and
 * system errors.
 */
export async function walFiles(walDir: string): Promise<readonly WalFile[]> {
  const names = await namesIn(walDir);
  const files = names.toSorted().flatMap((name) => {
    const match = NAME.exec(name);
    if (match === null) return [];
    return [{ path: join(walDir, name), sequence: BigInt(`0x${match[1]}`), firstIndex: BigInt(`0x${match[2]}`) }];
  });
  for (const [at, file] of files.entries()) {
    const before = files[at - 1];
    if (before !== undefined && file.sequence !== before.sequence + 1n) {
      throw new Damage('wal', `files of the WAL are missing between numbers ${before.sequence} and ${file.sequence}`);
    }
  }
  return files;
}

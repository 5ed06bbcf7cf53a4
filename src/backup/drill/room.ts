import { statfs } from 'node:fs/promises';
import { formatBytes } from '../../cluster/units.ts';

/** What a machine has left, in bytes. */
export interface Room {
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const TIMES_IN_MEMORY = 2;
const TIMES_ON_DISK = 3;

/** What this machine has left: memory as far as this process may use it, and disk where `folder` is. */
export async function roomHere(folder: string): Promise<Room> {
  const { bavail, bsize } = await statfs(folder);
  return { memoryBytes: process.availableMemory(), diskBytes: bavail * bsize };
}

/** Why a database of so many bytes is not to be restored here beside a member, as sentences; empty where there is room. */
export function tooLittleRoom({ memoryBytes, diskBytes }: Room, databaseBytes: number): readonly string[] {
  const needs = (what: string, times: number, has: number): readonly string[] =>
    has >= times * databaseBytes
      ? []
      : [
          `The machine has ${formatBytes(has)} of free ${what}; a drill needs ${times} times the database, ${formatBytes(times * databaseBytes)}.`,
        ];
  return [...needs('memory', TIMES_IN_MEMORY, memoryBytes), ...needs('disk', TIMES_ON_DISK, diskBytes)];
}

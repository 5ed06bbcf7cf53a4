import { statfs } from 'node:fs/promises';
import { formatBytes } from '../../cluster/units.ts';

/** What a machine has left, in bytes. */
export interface Room {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** What is written there is memory too: the bytes are the same ones. */
  readonly diskIsMemory?: boolean;
}

const TIMES_IN_MEMORY = 2;
const TIMES_ON_DISK = 3;
/** Of tmpfs and ramfs: their `f_type` of statfs(2). */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** What this machine has left: memory as far as this process may use it, and disk where `folder` is. */
export async function roomHere(folder: string): Promise<Room> {
  const { bavail, bsize, type } = await statfs(folder);
  const diskIsMemory = IN_MEMORY.has(type);
  return { memoryBytes: process.availableMemory(), diskBytes: bavail * bsize, diskIsMemory };
}

/** Why a database of so many bytes is not to be restored here beside a member, as sentences; empty where there is room. */
export function tooLittleRoom(
  { memoryBytes, diskBytes, diskIsMemory = false }: Room,
  databaseBytes: number,
): readonly string[] {
  const needs = (what: string, times: number, has: number): readonly string[] =>
    has >= times * databaseBytes
      ? []
      : [
          `The machine has ${formatBytes(has)} of free ${what}; a drill needs ${times} times the database, ${formatBytes(times * databaseBytes)}.`,
        ];
  const memory = diskIsMemory
    ? needs('memory, in which its folder lies too', TIMES_IN_MEMORY + TIMES_ON_DISK, memoryBytes)
    : needs('memory', TIMES_IN_MEMORY, memoryBytes);
  return [...memory, ...needs('disk', TIMES_ON_DISK, diskBytes)];
}

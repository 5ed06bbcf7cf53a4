import { basename, join, resolve } from 'node:path';
import { type DataPlaces, outerWalDir } from './places.ts';

/** A file of our own in each folder in quarantine; without it nothing is ever released. */
export const RECORD_FILE = 'etcd-caretaker-quarantine.json';

/** What the name of a folder in quarantine says. */
export interface QuarantineName {
  readonly atMs: number;
  readonly reason: string;
}

const REASON = /^[a-z0-9][a-z0-9-]{0,39}$/;
const STAMPED = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([a-z0-9][a-z0-9-]{0,39})$/;

/** Whether a word can be a part of a folder's name. */
export function isReason(text: string): boolean {
  return REASON.test(text);
}

/** `20261130T081530Z-wal-corrupt`. */
export function stampOf(atMs: number, reason: string): string {
  return `${new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '')}-${reason}`;
}

/** Where a folder goes: beside itself, or, where it has to stay (it is a mount point), what is in it into a folder inside. */
export function quarantinePath(folder: string, stamp: string, where: 'beside' | 'inside'): string {
  return where === 'beside' ? `${resolve(folder)}.quarantine-${stamp}` : join(resolve(folder), `quarantine-${stamp}`);
}

/** Folders that can have something in quarantine, and what the names of those that are begin with. */
export function quarantineParents(places: DataPlaces): readonly { readonly parent: string; readonly prefix: string }[] {
  return [places.dataDir, outerWalDir(places)].flatMap((folder) => {
    if (folder === undefined) return [];
    const path = resolve(folder);
    return [
      { parent: resolve(path, '..'), prefix: `${basename(path)}.quarantine-` },
      { parent: path, prefix: 'quarantine-' },
    ];
  });
}

/** Reads what stands behind the prefix; undefined where we have not named it. */
export function parseStamp(text: string): QuarantineName | undefined {
  const match = STAMPED.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, reason = ''] = match;
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(atMs) ? undefined : { atMs, reason };
}

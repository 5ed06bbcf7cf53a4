import { fullSnapshots } from './backup/full.ts';
import { writesBeside } from './backup/writes.ts';
import { machine } from './processes.ts';

/** Backups beside etcd's own tools, part by part (`--part full`, `--part writes`; default all). What each part takes is written there. */
const parts: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  full: fullSnapshots,
  writes: writesBeside,
};

/** Runs the parts of `npm run bench -- backup`. */
export async function backup(args: readonly string[]): Promise<void> {
  console.log(`backup, on ${machine()}`);
  const at = args.indexOf('--part');
  const chosen = at === -1 ? undefined : args[at + 1];
  for (const [name, part] of Object.entries(parts)) {
    if (chosen === undefined || chosen === name) await part(args);
  }
}

import { FilledMembers } from './backup/filled-members.ts';
import { fullSnapshots } from './backup/full.ts';
import { lag } from './backup/lag.ts';
import { memory } from './backup/memory.ts';
import { option } from './backup/option.ts';
import type { Part } from './backup/parts.ts';
import { replays } from './backup/replay.ts';
import { restores } from './backup/restore.ts';
import { writesBeside } from './backup/writes.ts';
import { WrittenBackups } from './backup/written-backups.ts';
import { machine } from './processes.ts';

/**
 * Backups beside etcd's own tools, part by part (`--part full`, `writes`, `lag`, `replay`, `restore`, `memory`; default all). What
 * each part takes is written there. The last one fills up members that the others use.
 */
const parts: Readonly<Record<string, Part>> = {
  full: fullSnapshots,
  writes: writesBeside,
  lag,
  replay: replays,
  restore: restores,
  memory,
};

/** Runs the parts of `npm run bench -- backup`. */
export async function backup(args: readonly string[]): Promise<void> {
  console.log(`backup, on ${machine()}`);
  const chosen = option(args, '--part');
  if (chosen !== undefined && !Object.hasOwn(parts, chosen)) throw new Error(`there is no part ${chosen}`);
  await using members = new FilledMembers();
  await using backups = new WrittenBackups(members);
  for (const [name, part] of Object.entries(parts)) {
    if (chosen === undefined || chosen === name) await part(args, { members, backups });
  }
}

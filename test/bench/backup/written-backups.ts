import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FilledMembers } from './filled-members.ts';
import { type WrittenBackup, writeBackup } from './written-backup.ts';

/** Backups of filled members, each written once and read by all parts of a run that want it; whoever makes it closes them. */
export class WrittenBackups implements AsyncDisposable {
  readonly #members: FilledMembers;
  readonly #backups = new Map<string, Promise<WrittenBackup>>();
  readonly #folders: string[] = [];

  constructor(members: FilledMembers) {
    this.#members = members;
  }

  /** @param mib of values in the full snapshot @param revisions after it */
  get(mib: number, revisions: number): Promise<WrittenBackup> {
    const name = `${mib} ${revisions}`;
    const there = this.#backups.get(name) ?? this.#write(mib, revisions);
    this.#backups.set(name, there);
    return there;
  }

  async #write(mib: number, revisions: number): Promise<WrittenBackup> {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-bench-store-'));
    this.#folders.push(folder);
    return await writeBackup(await this.#members.get(mib), join(folder, 'store'), revisions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#backups.values());
    await Promise.all(this.#folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

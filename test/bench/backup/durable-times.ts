import { type FSWatcher, watch } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseName } from '../../../src/backup/names.ts';

const patienceMs = 120_000;
const pollMs = 20;

/** When which revisions became durable in a store that is a folder. Made to be closed. */
export class DurableTimes implements Disposable {
  readonly #folder: string;
  readonly #watcher: FSWatcher;
  readonly #seen = new Set<string>();
  /** Ends of segments in the order in which they came, with when that was. */
  readonly #ends: { readonly to: bigint; readonly atMs: number }[] = [];
  #looking: Promise<void> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#watcher = watch(folder, () => this.#lookAgain());
    this.#lookAgain();
  }

  /** Waits until there are segments below the cluster's place in the store, and watches them from then on. */
  static async watch(place: string): Promise<DurableTimes> {
    const endMs = performance.now() + patienceMs;
    while (performance.now() < endMs) {
      for (const timeline of await readdir(place).catch(() => [])) {
        const folder = join(place, timeline, 'delta');
        if ((await readdir(folder).catch(() => [])).length > 0) return new DurableTimes(folder);
      }
      await sleep(pollMs);
    }
    throw new Error(`no segment in ${place} in ${patienceMs / 1000} s`);
  }

  get segments(): number {
    return this.#ends.length;
  }

  /** Waits until a revision is durable. */
  async until(revision: bigint): Promise<void> {
    const endMs = performance.now() + patienceMs;
    while (performance.now() < endMs) {
      if (this.#ends.some(({ to }) => to >= revision)) return;
      await sleep(pollMs);
    }
    throw new Error(`revision ${revision} is not in the store after ${patienceMs / 1000} s`);
  }

  /** When a revision was durable, in ms since 1970; NaN where it is not. */
  atMs(revision: bigint): number {
    return this.#ends.find(({ to }) => to >= revision)?.atMs ?? Number.NaN;
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }

  #lookAgain(): void {
    this.#looking = this.#looking.then(() => this.#look()).catch(() => undefined);
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => !this.#seen.has(name));
    const ends = names.map((name) => parseName(join(basename(this.#folder), name)));
    if (ends.every((end) => end === undefined)) return;
    // The agent does it right after the renaming that was seen: so it has been done when this has.
    const folder = await open(this.#folder, 'r');
    await folder.sync();
    await folder.close();
    const atMs = performance.timeOrigin + performance.now();
    for (const [index, end] of ends.entries()) {
      this.#seen.add(names[index] ?? '');
      if (end?.kind === 'delta') this.#ends.push({ to: end.to, atMs });
    }
  }
}

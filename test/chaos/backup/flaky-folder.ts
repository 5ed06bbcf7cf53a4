import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';

/** A folder that can be away: its path leads to it, or to a file in which nothing can be made. */
export class FlakyFolder {
  readonly path: string;
  /** Where all of it is at any time. */
  readonly real: string;
  readonly #nowhere: string;

  private constructor(path: string) {
    this.path = path;
    this.real = `${path}.real`;
    this.#nowhere = `${path}.nowhere`;
  }

  static async make(path: string): Promise<FlakyFolder> {
    const folder = new FlakyFolder(path);
    await mkdir(folder.real);
    await writeFile(folder.#nowhere, '');
    await folder.come();
    return folder;
  }

  /** As a mount that fails: what is open can be written still. */
  go(): Promise<void> {
    return this.#lead(this.#nowhere);
  }

  come(): Promise<void> {
    return this.#lead(this.real);
  }

  /** At once, by a rename: at no time is nothing at the path. */
  async #lead(to: string): Promise<void> {
    const next = `${this.path}.next`;
    await symlink(to, next);
    await rename(next, this.path);
  }
}

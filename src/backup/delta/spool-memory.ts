import type { SpoolShelf } from './spool.ts';

/** Pieces in memory: a place for what is on its way into the stores, where there is no folder for it. */
export class SpoolMemory implements SpoolShelf {
  readonly place = 'memory';
  readonly #objects = new Map<string, Buffer>();

  async write(name: string, object: Buffer): Promise<void> {
    this.#objects.set(name, object);
  }

  async *read(name: string): AsyncGenerator<Buffer, void, undefined> {
    const object = this.#objects.get(name);
    if (object !== undefined) yield object;
  }

  async remove(name: string): Promise<void> {
    this.#objects.delete(name);
  }
}

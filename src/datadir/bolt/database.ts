import { type FileHandle, open } from 'node:fs/promises';
import { Damage } from '../damage.ts';
import { type BoltMeta, BRANCH_PAGE, HEAD_BYTES, LEAF_PAGE, newestMeta, PAGE_HEADER_BYTES } from './page.ts';

/** Before it stand the two meta pages. */
const FIRST_NODE = 2;
/** No node of etcd is larger; a page that claims more is damage. */
const LARGEST_NODE_BYTES = 64 * 1024 * 1024;

/** A database file that is open, at one of its transactions. Whoever opens it disposes of it. */
export class Database implements AsyncDisposable {
  readonly meta: BoltMeta;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, meta: BoltMeta) {
    this.#file = file;
    this.meta = meta;
  }

  /** Throws `Damage` where no meta page is whole or the file is shorter than they say, and system errors. */
  static async open(path: string): Promise<Database> {
    const file = await open(path, 'r');
    try {
      const meta = await metaOf(file);
      if (meta === undefined) throw new Damage('database', 'neither of the two meta pages of the database is whole');
      const { size } = await file.stat();
      if (size < meta.pages * meta.pageBytes) {
        throw new Damage(
          'database',
          `the database has ${size} bytes of the ${meta.pages * meta.pageBytes} that it should have`,
        );
      }
      return new Database(file, meta);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Whether nothing was committed since it was opened: only then what was read of it was of one transaction. */
  async isUnchanged(): Promise<boolean> {
    return (await metaOf(this.#file))?.transaction === this.meta.transaction;
  }

  /** Fills `into` from a page on; gives how much there was. Throws `Damage` where there can be no such page. */
  async readFrom(page: number, into: Buffer): Promise<number> {
    if (page < FIRST_NODE || page >= this.meta.pages) {
      throw new Damage('database', `the database refers to page ${page}, which it does not have`);
    }
    let filled = 0;
    while (filled < into.length) {
      const at = page * this.meta.pageBytes + filled;
      const { bytesRead } = await this.#file.read(into, filled, into.length - filled, at);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  /** A branch or leaf page with those that it goes on in. Throws `Damage` where it is none. */
  async node(number: number): Promise<Buffer> {
    const head = Buffer.alloc(this.meta.pageBytes);
    await this.readFrom(number, head);
    const pages = this.checkHead(number, head);
    if (pages === 1) return head;
    const whole = Buffer.alloc(pages * this.meta.pageBytes);
    await this.readFrom(number, whole);
    return whole;
  }

  /** How many pages the branch or leaf page takes whose head this is. Throws `Damage` where it is none. */
  checkHead(number: number, head: Buffer): number {
    const { pages, pageBytes } = this.meta;
    const flags = head.readUInt16LE(8);
    if (head.readBigUInt64LE(0) !== BigInt(number) || (flags !== BRANCH_PAGE && flags !== LEAF_PAGE)) {
      throw new Damage('database', `page ${number} of the database is overwritten`);
    }
    const taken = 1 + head.readUInt32LE(12);
    const table = PAGE_HEADER_BYTES + PAGE_HEADER_BYTES * head.readUInt16LE(10);
    if (number + taken > pages || taken * pageBytes > LARGEST_NODE_BYTES || table > taken * pageBytes) {
      throw new Damage('database', `page ${number} of the database is larger than it can be`);
    }
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

async function metaOf(file: FileHandle): Promise<BoltMeta | undefined> {
  const head = Buffer.alloc(HEAD_BYTES);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  return newestMeta(head.subarray(0, bytesRead));
}

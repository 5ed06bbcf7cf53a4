import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';

/** Size of one write: what etcd's hardware guidance tells people to give fio (`--bs=2300`), a typical WAL append. */
const probeWriteBytes = 2300;

/** Slots of the ring: 147 kB, small enough that its pages stay in memory, so that a write never waits for a read. */
const probeSlots = 64;

const ringBytes = probeWriteBytes * probeSlots;

/**
 * The file that the probe writes to, slot after slot. It is written in full once, so that a probe write allocates
 * nothing: what it times is the disk's write and flush, without the file system's search for space. All calls block.
 */
export class ProbeRing {
  readonly path: string;
  readonly #fd: number;
  readonly #inode: number;
  readonly #payload = Buffer.alloc(probeWriteBytes);
  #slot = 0;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
    this.#inode = fstatSync(fd).ino;
    // Noise, so that no layer below compresses it away.
    randomFillSync(this.#payload);
  }

  /** Opens the ring and writes all of it; a file that a killed agent left is used again. Throws system errors. */
  static open(path: string): ProbeRing {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      const stat = fstatSync(fd);
      // A hard link would be a way to have the agent overwrite somebody else's file.
      if (!stat.isFile() || stat.nlink !== 1) throw new Error(`${path} is not a plain file of the agent's own`);
      ftruncateSync(fd, ringBytes);
      writeFully(fd, randomFillSync(Buffer.alloc(ringBytes)), 0);
      fsyncSync(fd);
      return new ProbeRing(path, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Whether its path still leads to this file; not so after the folder was removed or put in quarantine. */
  isInPlace(): boolean {
    return lstatSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  /** One write and fdatasync; the seconds that both took together. Throws system errors. */
  write(): number {
    // Not the same bytes as last time, which a clever device could drop.
    this.#payload.writeUInt32LE((this.#payload.readUInt32LE(0) + 1) >>> 0, 0);
    const position = this.#slot * probeWriteBytes;
    this.#slot = (this.#slot + 1) % probeSlots;
    const startedAt = process.hrtime.bigint();
    writeFully(this.#fd, this.#payload, position);
    fdatasyncSync(this.#fd);
    return Number(process.hrtime.bigint() - startedAt) / 1e9;
  }

  /** Closes it; with `remove` its file goes too, unless another file has taken its place. */
  close(remove: boolean): void {
    try {
      if (remove && this.isInPlace()) rmSync(this.path, { force: true });
    } finally {
      closeSync(this.#fd);
    }
  }
}

function writeFully(fd: number, bytes: Buffer, position: number): void {
  const written = writeSync(fd, bytes, 0, bytes.length, position);
  if (written !== bytes.length) {
    throw Object.assign(new Error(`ENOSPC: wrote ${written} of ${bytes.length} bytes`), { code: 'ENOSPC' });
  }
}

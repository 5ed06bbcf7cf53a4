import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32c } from '../crc32c.ts';
import { Damage, Unreadable } from '../damage.ts';
import { CRC_RECORD, leadingRecord, readRecord, type WalRecord } from './record.ts';

const CHUNK_BYTES = 1024 * 1024;
/** No more than this is ever held of a file. Etcd takes requests of 1.5 MiB unless it is told otherwise. */
const LARGEST_RECORD_BYTES = 64 * 1024 * 1024;
const FRAME_BYTES = 8;
/** What every record begins with. */
const TYPE_TAG = 0x08;
/** The smallest piece that a disk writes whole, as etcd assumes it. */
const SECTOR_BYTES = 512;

/** How a segment is to be read. */
export interface SegmentOptions {
  readonly path: string;
  /** Only the last one of a WAL may end in the middle of a record: etcd cuts such a tail off. */
  readonly last: boolean;
  /** Sum of everything before it; 0 where it is not known. */
  readonly crc: number;
  /** Gets each record that is whole, in their order; its data are good until it gives back. Throws `RangeError` where it is not well-formed. */
  readonly onRecord: (record: WalRecord) => void;
}

interface Window {
  readonly bytes: Buffer;
  /** Offset in the file of its first byte. */
  readonly from: number;
}

/**
 * Reads one file of a WAL up to the first empty frame, and checks the sum that runs through it, as etcd's wal/decoder.go does.
 * Gives the sum at its end. Throws `Damage` where etcd would refuse it, and where etcd would silently cut off a record that is whole.
 */
export async function readSegment(options: SegmentOptions, signal: AbortSignal): Promise<number> {
  await using file = await open(options.path, 'r');
  const { size } = await file.stat();
  return await new Segment(file, size, options).read(signal);
}

class Segment {
  readonly #file: FileHandle;
  readonly #size: number;
  readonly #options: SegmentOptions;
  #crc: number;
  /** Offset in the file of the record that is looked at. */
  #at = 0;
  #window: Window = { bytes: Buffer.alloc(0), from: 0 };
  #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

  constructor(file: FileHandle, size: number, options: SegmentOptions) {
    this.#file = file;
    this.#size = size;
    this.#options = options;
    this.#crc = options.crc;
  }

  async read(signal: AbortSignal): Promise<number> {
    for (;;) {
      const end = this.#readHeld();
      if (end !== undefined) break;
      signal.throwIfAborted();
      if (!(await this.#hold(this.#wantedBytes()))) {
        if (this.#held().length > 0) this.#torn('is cut off');
        break;
      }
    }
    await this.#refuseCutOff();
    return this.#crc;
  }

  /** Reads all records that are held whole. Gives something once it has come to the end, undefined where more is to be read. */
  #readHeld(): 'end' | undefined {
    for (;;) {
      const held = this.#held();
      if (held.length < FRAME_BYTES) return undefined;
      if (held.readBigUInt64LE(0) === 0n) return 'end';
      const [recordBytes, padBytes] = frameAt(held);
      const whole = FRAME_BYTES + recordBytes + padBytes;
      // As etcd reckons it; a little more than there is room for is found when it is read.
      if (recordBytes > this.#size - this.#at - padBytes) return this.#torn('is longer than the file');
      if (whole > LARGEST_RECORD_BYTES) {
        throw new Unreadable(`a record of ${recordBytes} bytes ${this.#place()} is larger than what this agent reads`);
      }
      if (held.length < whole) return this.#at + whole > this.#size ? this.#torn('is cut off') : undefined;
      const problem = this.#take(held.subarray(FRAME_BYTES, FRAME_BYTES + recordBytes));
      if (problem !== undefined) {
        const framed = held.subarray(FRAME_BYTES, whole);
        if (hasEmptySector(framed, this.#at + FRAME_BYTES)) return this.#torn(problem);
        throw new Damage('wal', `the record ${this.#place()} ${problem}`);
      }
      this.#at += whole;
    }
  }

  /** Takes a record in, or says what is wrong with it. */
  #take(bytes: Buffer): string | undefined {
    let record: WalRecord;
    try {
      record = readRecord(bytes);
    } catch (error) {
      if (error instanceof RangeError) return `is not well-formed: ${error.message}`;
      throw error;
    }
    if (record.type === CRC_RECORD) {
      if (this.#crc !== 0 && record.crc !== this.#crc) {
        throw new Damage('wal', `the sum ${this.#place()} is not that of what stands before it`);
      }
      this.#crc = record.crc;
    } else {
      const crc = crc32c(this.#crc, record.data);
      if (crc !== record.crc) return 'does not have the checksum that it should have';
      this.#crc = crc;
    }
    try {
      this.#options.onRecord(record);
    } catch (error) {
      if (error instanceof RangeError) throw new Damage('wal', `the record ${this.#place()} is none: ${error.message}`);
      throw error;
    }
    return undefined;
  }

  #torn(problem: string): 'end' {
    if (!this.#options.last) throw new Damage('wal', `the record ${this.#place()} ${problem}`);
    return 'end';
  }

  /** Where the end is none: etcd takes a damaged length for the end of the log and forgets everything behind it. */
  async #refuseCutOff(): Promise<void> {
    await this.#hold(FRAME_BYTES + 1);
    if (this.#held()[FRAME_BYTES] !== TYPE_TAG) return;
    await this.#hold(Math.min(LARGEST_RECORD_BYTES, this.#size - this.#at));
    const record = leadingRecord(this.#held().subarray(FRAME_BYTES));
    if (record === undefined || record.crc === 0 || record.type === CRC_RECORD) return;
    if (crc32c(this.#crc, record.data) === record.crc) {
      throw new Damage(
        'wal',
        `the length of the record ${this.#place()} is wrong: the record is whole, and not its end`,
      );
    }
  }

  #held(): Buffer {
    return this.#window.bytes.subarray(this.#at - this.#window.from);
  }

  #wantedBytes(): number {
    const held = this.#held();
    if (held.length < FRAME_BYTES) return FRAME_BYTES;
    const [recordBytes, padBytes] = frameAt(held);
    return FRAME_BYTES + recordBytes + padBytes;
  }

  /** Holds so many bytes from the record on, and more where that costs nothing; false where the file does not have them. */
  async #hold(bytes: number): Promise<boolean> {
    const rest = this.#held();
    if (rest.length >= bytes) return true;
    const into = bytes > this.#buffer.length ? Buffer.allocUnsafeSlow(bytes) : this.#buffer;
    rest.copy(into, 0);
    this.#buffer = into;
    let filled = rest.length;
    while (filled < into.length) {
      const { bytesRead } = await this.#file.read(into, filled, into.length - filled, this.#at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#window = { bytes: into.subarray(0, filled), from: this.#at };
    return filled >= bytes;
  }

  #place(): string {
    return `at byte ${this.#at} of ${basename(this.#options.path)}`;
  }
}

/** Lengths of a record and of what fills it up to a multiple of eight bytes. */
function frameAt(bytes: Buffer): readonly [recordBytes: number, padBytes: number] {
  const high = bytes.readUInt32LE(4);
  const recordBytes = (high & 0xff_ff_ff) * 0x1_0000_0000 + bytes.readUInt32LE(0);
  return [recordBytes, high >= 0x8000_0000 ? (high >>> 24) & 7 : 0];
}

/** Whether a piece that the disk writes at once is missing: then the record was being written when the machine went down. */
function hasEmptySector(bytes: Buffer, offset: number): boolean {
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    if (bytes.subarray(at, end).every((byte) => byte === 0)) return true;
    at = end;
  }
  return false;
}

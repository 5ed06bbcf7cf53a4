import { Damage } from '../damage.ts';
import type { WalFile } from './files.ts';
import {
  CRC_RECORD,
  ENTRY_RECORD,
  type LogPosition,
  METADATA_RECORD,
  readEntry,
  readHardState,
  readMetadata,
  readSnapshot,
  SNAPSHOT_RECORD,
  STATE_RECORD,
  type WalRecord,
} from './record.ts';
import { readSegment } from './segment.ts';

/** What the files of a WAL say. */
export interface WalLog {
  readonly clusterId: string;
  readonly memberId: string;
  /** Of the newest hard state. */
  readonly term: bigint;
  readonly commit: bigint;
  /** Newest entry, those before it that were replaced left out; undefined where these files hold none. */
  readonly lastEntry?: LogPosition;
  /** Snapshots that were taken or received, in their order. */
  readonly snapshots: readonly LogPosition[];
  /** Entries behind this index follow each other; a log that begins earlier has a hole. */
  readonly wholeFrom: bigint;
}

/** Reads these files, which follow each other and end with the last one. Throws `Damage`, system errors, and what `signal` was aborted with. */
export async function readLog(files: readonly WalFile[], signal: AbortSignal): Promise<WalLog> {
  const log = new LogReader();
  let crc = 0;
  for (const [at, { path }] of files.entries()) {
    const last = at === files.length - 1;
    crc = await readSegment({ path, last, crc, onRecord: (record) => log.take(record) }, signal);
  }
  return log.end();
}

/** Puts the records together as etcd's `WAL.ReadAll` does. */
class LogReader {
  #metadata: Buffer | undefined;
  #state: ReturnType<typeof readHardState> = { term: 0n, commit: 0n };
  #lastEntry: LogPosition | undefined;
  #wholeFrom = 0n;
  readonly #snapshots: LogPosition[] = [];

  take({ type, data }: WalRecord): void {
    if (type === ENTRY_RECORD) this.#takeEntry(readEntry(data));
    else if (type === STATE_RECORD) this.#state = readHardState(data);
    else if (type === SNAPSHOT_RECORD) this.#snapshots.push(readSnapshot(data));
    else if (type === METADATA_RECORD) this.#takeMetadata(data);
    else if (type !== CRC_RECORD) throw new RangeError(`there are no records of type ${type}`);
  }

  end(): WalLog {
    if (this.#metadata === undefined) throw new Damage('wal', 'the WAL does not say whose it is');
    return {
      ...readMetadata(this.#metadata),
      ...this.#state,
      ...(this.#lastEntry === undefined ? {} : { lastEntry: this.#lastEntry }),
      snapshots: this.#snapshots,
      wholeFrom: this.#wholeFrom,
    };
  }

  #takeEntry(entry: LogPosition): void {
    const before = this.#lastEntry?.index ?? 0n;
    if (entry.index > before + 1n && entry.index > this.#wholeFrom) this.#wholeFrom = entry.index - 1n;
    if (this.#lastEntry?.index === entry.index - 1n && entry.term < this.#lastEntry.term) {
      throw new RangeError(`its term ${entry.term} is below that of the entry before it`);
    }
    this.#lastEntry = entry;
  }

  #takeMetadata(data: Buffer): void {
    if (this.#metadata === undefined) this.#metadata = Buffer.from(data);
    else if (!this.#metadata.equals(data)) throw new Damage('wal', 'the files of the WAL are of different members');
  }
}

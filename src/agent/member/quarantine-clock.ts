import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../supervise/replace-file.ts';

const FORMAT = 1;
const FILE = 'quarantine.json';

/**
 * For how long this agent has seen each folder in quarantine, by its monotonic clock, added up over its restarts: a machine that starts with a wrong clock and has
 * it set right a moment later must not let go of old data. What is between two looks when the agent ends is lost, so a folder is kept a little longer. A file
 * that cannot be read begins the count anew: folders are kept for longer, and none goes earlier.
 */
export class QuarantineClock {
  readonly #file: string;
  #seenMs: ReadonlyMap<string, number>;
  #lookedAtMs: number | undefined;

  private constructor(file: string, seenMs: ReadonlyMap<string, number>) {
    this.#file = file;
    this.#seenMs = seenMs;
  }

  /** Reads what earlier runs of the agent have seen. @param stateDir `supervise.stateDir` */
  static async open(stateDir: string): Promise<QuarantineClock> {
    const file = join(stateDir, FILE);
    const text = await readFile(file, 'utf8').catch(() => '');
    return new QuarantineClock(file, parse(text));
  }

  /** How long a folder has been seen; 0 where it has not. */
  seenMs(path: string): number {
    return this.#seenMs.get(path) ?? 0;
  }

  /**
   * Takes in which folders there are now; back when that is on the disk. Throws the system's error where it cannot be written.
   * @param monotonicMs of this process
   */
  async look(paths: readonly string[], monotonicMs: number): Promise<void> {
    const elapsedMs = this.#lookedAtMs === undefined ? 0 : Math.max(0, monotonicMs - this.#lookedAtMs);
    const before = this.#seenMs;
    const next = new Map(paths.map((path) => [path, before.has(path) ? this.seenMs(path) + elapsedMs : 0]));
    this.#seenMs = next;
    this.#lookedAtMs = monotonicMs;
    if (before.size === 0 && next.size === 0) return;
    const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
    const text = `${JSON.stringify({ format: FORMAT, seenMs: Object.fromEntries(next) }, undefined, 2)}\n`;
    await replaceFile(this.#file, `${this.#file}.new`, text, { mode: 0o600, uid, gid });
  }
}

function parse(text: string): ReadonlyMap<string, number> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !('seenMs' in json) || !('format' in json)) return new Map();
    const { seenMs, format } = json;
    if (format !== FORMAT || typeof seenMs !== 'object' || seenMs === null) return new Map();
    return new Map(
      Object.entries(seenMs).filter((each): each is [string, number] => Number.isFinite(each[1]) && each[1] >= 0),
    );
  } catch {
    return new Map();
  }
}

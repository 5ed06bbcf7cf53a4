import type { DataDirState, ProcessEnd, ProcessState } from '../../cluster/own-member.ts';
import type { MemberKeeperOptions } from './options.ts';
import type { RestartPauses } from './restart-pauses.ts';

/** Ends after which all of the data is read: a line in a log does not prove what a disk holds. */
const DAMAGED: ReadonlySet<string> = new Set(['wal-corrupt', 'database-corrupt', 'log-behind', 'data-differs']);

/** Data of a member that are gone are told as gone once they have been so for a while: a disk may just be mounted again. */
const GONE_AFTER_MS = 3000;

/** Data that were found broken are read again so often: a person may have mended them. */
const BROKEN_AGAIN_MS = 30_000;

const JUST_GONE: DataDirState = { state: 'unreadable', problem: 'the data have been gone for a moment only' };
const JUST_STARTED: DataDirState = { state: 'unreadable', problem: 'etcd has been started a moment ago' };

/** The process as it is at a look, and how it ended the last time. */
export interface Looked {
  readonly process: ProcessState;
  readonly lastEnd: ProcessEnd | undefined;
}

/** Knows what the data dir of one member holds, and reads no more of it than what it takes to know. */
export class DataWatch {
  readonly #options: Pick<MemberKeeperOptions, 'inspect' | 'holdsData' | 'memory'>;
  readonly #pauses: RestartPauses;
  #state: DataDirState = { state: 'unreadable', problem: 'it has not been looked at yet' };
  #emptySinceMs: number | undefined;
  /** The end for which all of the data was read. */
  #readFor: ProcessEnd | undefined;
  #isAfresh = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: Pick<MemberKeeperOptions, 'inspect' | 'holdsData' | 'memory'>, pauses: RestartPauses) {
    this.#options = options;
    this.#pauses = pauses;
  }

  /** As it was found last; what is told to others, who replace a member whose data are gone. */
  get state(): DataDirState {
    return this.#state;
  }

  /** The data of the process that ended last are in quarantine. */
  get isAfresh(): boolean {
    return this.#isAfresh;
  }

  /** In how many milliseconds data that have just gone will have been gone for long enough; undefined where none have. @param nowMs monotonic */
  goneInMs(nowMs: number): number | undefined {
    if (this.#emptySinceMs === undefined || this.#state !== JUST_GONE) return undefined;
    return Math.max(0, this.#emptySinceMs + GONE_AFTER_MS - nowMs);
  }

  /** Looks as a round does. @param isWanted where the log stands is wanted as it is now, also of a member that runs */
  async look(looked: Looked, isWanted: boolean, signal: AbortSignal): Promise<void> {
    const { process, lastEnd } = looked;
    // Of a process that runs it is only looked whether its data are there: to read them costs more the fuller the WAL is.
    if (process.state === 'running' && !isWanted && (await this.#isAsKnown(signal))) return;
    // What a thorough look has found broken does not become whole by a glance.
    const isKnownBroken = this.#state.state === 'corrupt' && process.state === 'stopped';
    if (isKnownBroken && performance.now() - this.#lookedAtMs < BROKEN_AGAIN_MS) return;
    // All of it is read once for each end: it may be large, and nobody writes to it meanwhile.
    const isSuspicious = process.state === 'stopped' && lastEnd !== this.#readFor && this.#isSuspicious(lastEnd);
    if (isSuspicious) this.#readFor = lastEnd;
    this.#state = this.#told(await this.#found(process, isKnownBroken || isSuspicious ? 'full' : 'quick', signal));
    this.#lookedAtMs = performance.now();
  }

  /** Looks now, whatever was known, for whoever has the member in hand: gives what is there at this moment. */
  async lookNow(process: ProcessState, depth: 'quick' | 'full', signal: AbortSignal): Promise<void> {
    this.#state = await this.#found(process, depth, signal);
    this.#lookedAtMs = performance.now();
  }

  /** It has to be looked at anew, however short a time ago that was. */
  forget(): void {
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** The process is being started. */
  started(): void {
    this.#isAfresh = false;
    if (this.#state.state === 'empty') this.#state = JUST_STARTED;
  }

  /** The data have been moved away. */
  putAside(): void {
    this.#isAfresh = true;
  }

  async #isAsKnown(signal: AbortSignal): Promise<boolean> {
    if (this.#state.state !== 'intact') return false;
    return await this.#options.holdsData(signal).catch(() => {
      signal.throwIfAborted();
      return false;
    });
  }

  /** A process that was started a moment ago has not made its data dir yet: to call that empty would have it replaced. */
  async #found(process: ProcessState, depth: 'quick' | 'full', signal: AbortSignal): Promise<DataDirState> {
    const found = await this.#options.inspect(depth, signal);
    const isYoung = process.state === 'running' && this.#pauses.isYoung(performance.now());
    return found.state === 'empty' && isYoung ? JUST_STARTED : found;
  }

  #told(found: DataDirState): DataDirState {
    const isGone = found.state === 'empty' && !this.#isAfresh && this.#options.memory.current !== undefined;
    if (!isGone) {
      this.#emptySinceMs = undefined;
      return found;
    }
    const nowMs = performance.now();
    this.#emptySinceMs ??= nowMs;
    return nowMs - this.#emptySinceMs >= GONE_AFTER_MS ? found : JUST_GONE;
  }

  /** Etcd says so, or has ended soon after its start and nobody knows why. */
  #isSuspicious(lastEnd: ProcessEnd | undefined): boolean {
    if (lastEnd === undefined) return false;
    return DAMAGED.has(lastEnd.cause) || (lastEnd.cause === 'unknown' && this.#pauses.inRow > 0);
  }
}

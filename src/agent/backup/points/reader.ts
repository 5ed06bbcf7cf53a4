import { within } from '../../../abort/linked-abort.ts';
import { faultOf } from '../../../cluster/agent-error.ts';
import type { Config } from '../../../config/config.ts';
import { isoTime } from '../../../expose/iso-time.ts';
import type { BackupPoints, BackupPointsReply } from '../../../expose/live/words.ts';
import { s3Options } from '../settings.ts';
import { restoreCommand } from './restore-command.ts';
import { fullsOf, stretchesOf } from './stretches.ts';

/** A listing costs requests: pages that are open share one for so long. */
const FRESH_MS = 20_000;
/** Whoever looks at a page waits no longer for a store. */
const STORE_MS = 15_000;

export interface BackupPointsOptions {
  readonly backup: Config['backup'];
  readonly clusterName: string;
  /** The timeline that is written to now, where it is known. */
  readonly timeline: () => string | undefined;
}

/**
 * Tells what can be restored, by listing the stores when somebody asks; opens nothing before that, and keeps nothing open. A store that
 * cannot be listed has a fault in its place.
 */
export class BackupPointsReader {
  readonly #options: BackupPointsOptions;
  #newest: { readonly reply: Promise<BackupPointsReply>; readonly atMs: number } | undefined;
  readonly #ending = new AbortController();

  constructor(options: BackupPointsOptions) {
    this.#options = options;
  }

  /** The points of every store, at most 20 s old. Never rejects but when it has been closed. */
  async read(): Promise<BackupPointsReply> {
    const nowMs = performance.now();
    if (this.#newest === undefined || nowMs - this.#newest.atMs > FRESH_MS) {
      this.#newest = { reply: this.#readAll(), atMs: nowMs };
    }
    return await this.#newest.reply;
  }

  close(): void {
    this.#ending.abort(new Error('the agent ends'));
  }

  async #readAll(): Promise<BackupPointsReply> {
    const { backup, clusterName } = this.#options;
    const stores = await Promise.all(backup.store.map((url) => this.#readOne(url)));
    const commands = stores.map(({ store, timeline }) =>
      timeline === undefined ? '' : restoreCommand(backup, { store, cluster: clusterName, timeline }),
    );
    return { stores, commands };
  }

  async #readOne(url: string): Promise<BackupPoints> {
    try {
      return await within([this.#ending.signal], STORE_MS, (signal) => this.#list(url, signal));
    } catch (error) {
      this.#ending.signal.throwIfAborted();
      const late = error instanceof Error && error.name === 'TimeoutError';
      const { code, message } = late
        ? { code: 'STORE_TIMEOUT', message: `The store did not answer within ${STORE_MS / 1000} s.` }
        : faultOf(error);
      return { store: url, readAt: isoTime(Date.now()), fulls: [], stretches: [], fault: { code, message } };
    }
  }

  async #list(url: string, signal: AbortSignal): Promise<BackupPoints> {
    const { backup, clusterName, timeline: known } = this.#options;
    const { openStore } = await import('../../../backup/store/open-store.ts');
    const { storeAt } = await import('../../../backup/store/place.ts');
    const { findPlaces } = await import('../../../backup/places.ts');
    const { listChains } = await import('../../../backup/list-chains.ts');
    await using store = openStore(url, { s3: s3Options(backup, () => undefined) });
    const places = await findPlaces(store, signal, clusterName);
    const newest = places.toSorted((a, b) => b.writtenAtMs - a.writtenAtMs)[0]?.timeline;
    const timeline = places.find((place) => place.timeline === known())?.timeline ?? newest;
    const readAt = isoTime(Date.now());
    if (timeline === undefined) return { store: url, readAt, fulls: [], stretches: [] };
    const { chains } = await listChains(storeAt(store, `${clusterName}/${timeline}`), signal);
    return { store: url, timeline, readAt, fulls: fullsOf(chains), stretches: stretchesOf(chains) };
  }
}

import { randomUUID } from 'node:crypto';
import type { NotifyCount } from '../cluster/caretaking-view.ts';
import type { Fault } from '../cluster/observation.ts';
import type { NotifyEvent } from './notify/event.ts';
import { alertsOf, type Sender, webhookMessage } from './notify/messages.ts';
import { type Patience, Receiver, type ReceiverName } from './notify/receiver.ts';
import { readWebhookFile } from './notify/webhook-file.ts';

export interface NotifierOptions extends Sender {
  /** Base URLs of Alertmanagers: each is told everything. */
  readonly alertmanager: readonly string[];
  readonly webhooks: readonly string[];
  /** File with further webhooks, read anew for each event. */
  readonly webhookFile?: string;
  readonly timeoutMs: number;
  /** How long the end may wait for what has not been told yet; default 3 s. */
  readonly graceMs?: number;
  /** For tests; default: the first retry after 1 s, then up to a minute, for an hour, of at most 100 events. */
  readonly patience?: Partial<Patience>;
  /** An attempt failed, or the file of webhooks is not right; never holds a URL. Repeated ones are for the log to fold. */
  readonly onFault: (receiver: ReceiverName, fault: Fault) => void;
  readonly onRecovery: (receiver: ReceiverName) => void;
}

/** Tells others of what the agents do. */
export interface Notifier {
  /** Returns at once and never throws: what becomes of it is counted. */
  send(event: NotifyEvent): void;
  /** Of each kind of receiver that is configured. */
  counts(): readonly NotifyCount[];
  /** Tries what waits once more within the grace, or until the signal ends, and lets go. Never rejects. */
  close(signal?: AbortSignal): Promise<void>;
}

const defaultPatience = { firstWaitMs: 1000, longestWaitMs: 60_000, giveUpMs: 3_600_000, mostWaiting: 100 };

/** Makes a notifier; whoever makes it closes it. Without receivers it does nothing. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { graceMs = 3000, webhookFile, onFault, onRecovery, timeoutMs } = options;
  const patience: Patience = { ...defaultPatience, timeoutMs, ...options.patience };
  const receiver = (kind: NotifyCount['receiver'], url: URL): Receiver =>
    new Receiver({ kind, host: url.host, url, patience, onFault, onRecovery });
  const alertmanagers = options.alertmanager.map((base) =>
    receiver('alertmanager', new URL(`${base.replace(/\/$/, '')}/api/v2/alerts`)),
  );
  const webhooks = options.webhooks.map((url) => receiver('webhook', new URL(url)));
  const listed =
    webhookFile === undefined ? undefined : new ListedWebhooks(webhookFile, (url) => receiver('webhook', url), onFault);

  return {
    send: (event) => {
      const alerts = alertsOf(event, options);
      for (const each of alertmanagers) each.push(alerts);
      if (event.repeated === true) return;
      const message = webhookMessage(event, options, randomUUID());
      for (const each of webhooks) each.push(message);
      listed?.push(message, patience.mostWaiting);
    },
    counts: () => [
      ...(alertmanagers.length === 0 ? [] : [sum('alertmanager', alertmanagers.map(countsOf))]),
      ...(webhooks.length === 0 && listed === undefined
        ? []
        : [sum('webhook', [...webhooks.map(countsOf), ...(listed?.counts() ?? [])])]),
    ],
    close: async (signal) => {
      const fixed = [...alertmanagers, ...webhooks];
      const ended = async (ms: number): Promise<void> => {
        await Promise.all([...fixed.map((each) => each.close(ms)), listed?.close(ms)]);
      };
      if (signal?.aborted === true) return await ended(0);
      const atOnce = (): void => void ended(0);
      signal?.addEventListener('abort', atOnce, { once: true });
      await ended(graceMs);
      signal?.removeEventListener('abort', atOnce);
    },
  };
}

/** The webhooks that a file lists now. Events keep their order while the file is read. */
class ListedWebhooks {
  readonly #path: string;
  readonly #make: (url: URL) => Receiver;
  readonly #onFault: NotifierOptions['onFault'];
  readonly #receivers = new Map<string, Receiver>();
  /** Of receivers that are listed no more, and of events that could not wait for the file. */
  #former: NotifyCount = { receiver: 'webhook', failures: 0, dropped: 0 };
  #closed = false;
  #reading: Promise<void> = Promise.resolve();
  #unread = 0;

  constructor(path: string, make: (url: URL) => Receiver, onFault: NotifierOptions['onFault']) {
    this.#path = path;
    this.#make = make;
    this.#onFault = onFault;
  }

  push(message: unknown, mostWaiting: number): void {
    // A disk that hangs must not make this grow.
    if (this.#unread >= mostWaiting) {
      this.#retire({ receiver: 'webhook', failures: 0, dropped: 1 });
      return;
    }
    this.#unread += 1;
    this.#reading = this.#reading.then(async () => {
      await this.#read();
      this.#unread -= 1;
      for (const each of this.#receivers.values()) each.push(message);
    });
  }

  #retire(counts: NotifyCount): void {
    this.#former = sum('webhook', [this.#former, counts]);
  }

  counts(): readonly NotifyCount[] {
    return [this.#former, ...[...this.#receivers.values()].map(countsOf)];
  }

  async close(graceMs: number): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, graceMs);
    await Promise.race([this.#reading, timer.promise]);
    clearTimeout(timeout);
    this.#closed = true;
    await Promise.all([...this.#receivers.values()].map((each) => each.close(graceMs)));
  }

  async #read(): Promise<void> {
    const read = await readWebhookFile(this.#path);
    for (const fault of read.faults) this.#onFault({ kind: 'webhook', host: 'notify.webhookFile' }, fault);
    // While it cannot be read, those that it listed before are told.
    if (!('urls' in read) || this.#closed) return;
    const listed = new Map(read.urls.map((url) => [url.href, url]));
    for (const [href, each] of this.#receivers) {
      if (listed.has(href)) continue;
      this.#receivers.delete(href);
      await each.close(0);
      this.#retire(each.counts);
    }
    for (const [href, url] of listed) {
      if (!this.#receivers.has(href)) this.#receivers.set(href, this.#make(url));
    }
  }
}

function countsOf(each: Receiver): NotifyCount {
  return each.counts;
}

function sum(receiver: NotifyCount['receiver'], counts: readonly NotifyCount[]): NotifyCount {
  const of = (name: 'failures' | 'dropped'): number => counts.reduce((total, each) => total + each[name], 0);
  return { receiver, failures: of('failures'), dropped: of('dropped') };
}

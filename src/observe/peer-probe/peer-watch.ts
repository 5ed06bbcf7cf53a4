import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerReading } from '../../cluster/sections.ts';
import type { EndpointAddress } from '../endpoint-url.ts';
import type { TlsCredentials } from '../tls-credentials.ts';
import { probePeer, probesOf } from './exchange.ts';
import { PeerRecord } from './peer-record.ts';
import type { Slots } from './slots.ts';

export interface PeerWatchOptions {
  readonly credentials: TlsCredentials;
  /** How many peers are probed at once, over all watches. */
  readonly slots: Slots;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The pace while the peer refuses the agent for want of a good certificate: etcd logs a warning for each attempt. */
  readonly refusedIntervalMs: number;
}

/** Probes one peer URL at its own pace, so that one that hangs delays no other, until it is closed. */
export class PeerWatch {
  readonly #target: EndpointAddress;
  readonly #options: PeerWatchOptions;
  readonly #record: PeerRecord;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  readonly #first = Promise.withResolvers<void>();

  /** Begins at once. */
  constructor(target: EndpointAddress, options: PeerWatchOptions) {
    this.#target = target;
    this.#options = options;
    this.#record = new PeerRecord(probesOf(target));
    this.#loop = this.#run();
  }

  reading(peer: string, peerId: string): PeerReading {
    return this.#record.reading(peer, peerId, this.#target.url);
  }

  /** Resolves when the first exchange is over, well or not. */
  get first(): Promise<void> {
    return this.#first.promise;
  }

  /** Ends the probe under way and the watch. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { slots, credentials, timeoutMs } = this.#options;
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const startMs = performance.now();
        const exchange = await slots.run(() => probePeer(this.#target, { credentials, timeoutMs, signal }));
        this.#record.add(exchange);
        this.#first.resolve();
        await sleep(Math.max(0, this.#paceMs() - (performance.now() - startMs)), undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  /** Up to a tenth shorter or longer, so that the probes of several peers do not stay in step and disturb each other. */
  #paceMs(): number {
    const { intervalMs, refusedIntervalMs } = this.#options;
    const paceMs = this.#record.impossible ? Math.max(intervalMs, refusedIntervalMs) : intervalMs;
    return paceMs * (0.9 + 0.2 * Math.random());
  }
}

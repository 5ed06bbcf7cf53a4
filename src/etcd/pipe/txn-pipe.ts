import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { untilAborted } from '../../abort/until-aborted.ts';
import { readSecureContext } from '../credentials.ts';
import { EtcdError } from '../errors.ts';
import type { MemberClient } from '../member-client.ts';
import type { TxnReply, TxnRequest } from '../txn.ts';
import type { TlsFiles } from '../types.ts';
import { TXN } from '../wire/txn.ts';
import { CallPipe, NoAnswer } from './call-pipe.ts';

export interface TxnPipeOptions {
  /** Of the same member: it finds out why a transaction had no answer. */
  readonly client: MemberClient;
  /** On which the member serves its clients. */
  readonly socketPath: string;
  /** Where the socket speaks TLS. */
  readonly tls?: TlsFiles;
}

/** So long without a byte while transactions are under way: the member is stopped. */
const SILENCE_MS = 120_000;

/**
 * Transactions by the ten thousand, one behind the other on a Unix socket of an etcd of our own. They arrive in order, but for
 * seldom one that overtakes: who minds puts a condition into each. Ends with the signal.
 */
export class TxnPipe implements Disposable {
  readonly #client: MemberClient;
  readonly #signal: AbortSignal;
  readonly #socket: Socket;
  readonly #calls: CallPipe;
  readonly #end = (): void => this[Symbol.dispose]();

  private constructor(options: TxnPipeOptions, socket: Socket, signal: AbortSignal) {
    this.#client = options.client;
    this.#signal = signal;
    this.#socket = socket;
    this.#calls = new CallPipe(socket, TXN.path, options.tls === undefined ? 'http' : 'https');
    socket.setTimeout(SILENCE_MS, () => {
      if (this.#calls.busy) this.#calls.close();
    });
    signal.addEventListener('abort', this.#end, { once: true });
  }

  /** Throws `ETCD_UNREACHABLE` where nobody listens. */
  static async open(options: TxnPipeOptions, signal: AbortSignal): Promise<TxnPipe> {
    const socket = await connected(options);
    try {
      await untilAborted(socket.ready, signal);
    } catch (error) {
      socket.socket.destroy();
      signal.throwIfAborted();
      throw unreachable(options, error);
    }
    return new TxnPipe(options, socket.socket, signal);
  }

  /**
   * Makes a transaction. One that had no answer is made once more in the ordinary way, which tells why, so it must be one that
   * harms nobody the second time. Throws `EtcdError`.
   */
  async txn(request: TxnRequest): Promise<TxnReply> {
    try {
      return TXN.decode(await this.#calls.call(TXN.encode(request)));
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof NoAnswer)) throw unreachable({ client: this.#client }, error);
      return await this.#client.txn(request, this.#signal);
    }
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#end);
    this.#calls.close();
    this.#socket.destroy();
  }
}

async function connected(options: TxnPipeOptions): Promise<{ readonly socket: Socket; readonly ready: Promise<void> }> {
  const { socketPath: path, tls } = options;
  const secure = tls === undefined ? undefined : await readSecureContext(tls, options.client.member);
  const socket =
    secure === undefined
      ? connect({ path })
      : connectTls({ path, secureContext: secure.secureContext, servername: 'localhost', ALPNProtocols: ['h2'] });
  const ready = new Promise<void>((resolve, reject) => {
    socket.once(secure === undefined ? 'connect' : 'secureConnect', resolve);
    socket.once('error', reject);
  });
  return { socket, ready };
}

function unreachable({ client }: Pick<TxnPipeOptions, 'client'>, cause: unknown): EtcdError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EtcdError('ETCD_UNREACHABLE', `Txn on member ${client.member} (${client.endpoint}): ${reason}`, {
    member: client.member,
    cause,
  });
}

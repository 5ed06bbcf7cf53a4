import type { Socket } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type ConnectorArguments = Parameters<ChannelCredentials['_createSecureConnector']>;

/**
 * Channel credentials that can end the TLS handshakes under way. gRPC leaves such a socket open when its channel closes:
 * beside a server that accepts connections and then says nothing (a paused etcd), it would stay for as long as the process,
 * and keep that from ending.
 */
export class EndableCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials;
  readonly #handshakes = new Map<Socket, (error: Error) => void>();
  #ended = false;

  constructor(inner: ChannelCredentials) {
    super();
    this.#inner = inner;
  }

  /** Ends every handshake under way, and those that would begin later. */
  end(): void {
    this.#ended = true;
    for (const [socket, reject] of this.#handshakes) hangUp(socket, reject);
  }

  override _isSecure(): boolean {
    return this.#inner._isSecure();
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(...of: ConnectorArguments): Connector {
    const connector = this.#inner._createSecureConnector(...of);
    return {
      connect: (socket) => this.#handshake(connector, socket),
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  async #handshake(connector: Connector, socket: Socket): ReturnType<Connector['connect']> {
    const { promise: hungUp, reject } = Promise.withResolvers<never>();
    this.#handshakes.set(socket, reject);
    try {
      if (this.#ended) hangUp(socket, reject);
      return await Promise.race([connector.connect(socket), hungUp]);
    } finally {
      this.#handshakes.delete(socket);
    }
  }
}

function hangUp(socket: Socket, reject: (error: Error) => void): void {
  reject(new Error('the connection is no longer wanted'));
  socket.destroy();
}

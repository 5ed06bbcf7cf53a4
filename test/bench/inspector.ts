/** A connection to a Node process's inspector, for a heap figure that a forced collection makes comparable. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message: unknown = JSON.parse(String(data));
      if (typeof message === 'object' && message !== null && 'id' in message) {
        this.#waiting.get(Number(message.id))?.('result' in message ? message.result : undefined);
        this.#waiting.delete(Number(message.id));
      }
    });
  }

  /** Connects to the URL that `node --inspect` prints. */
  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)), { once: true });
    });
    return new Inspector(socket);
  }

  /** Collects garbage, then returns the bytes of live objects. */
  async liveHeapBytes(): Promise<number> {
    await this.#call('HeapProfiler.enable');
    await this.#call('HeapProfiler.collectGarbage');
    await this.#call('HeapProfiler.collectGarbage');
    const usage = await this.#call('Runtime.getHeapUsage');
    if (typeof usage === 'object' && usage !== null && 'usedSize' in usage) {
      return Number(usage.usedSize);
    }
    throw new Error('the inspector gave no heap usage');
  }

  close(): void {
    this.#socket.close();
  }

  async #call(method: string): Promise<unknown> {
    const id = this.#next;
    this.#next += 1;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method }));
    return await answer;
  }
}

import type { Duplex } from 'node:stream';
import {
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  FrameReader,
  frame,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  PREFACE,
  type ReceivedFrame,
  requestHeaders,
  SETTING,
  settings,
  windowUpdate,
} from './frames.ts';

/** Before each message of gRPC: whether it is compressed, and its length. */
const MESSAGE_PREFIX_BYTES = 5;
/** Some are left for calls that wait, and for those that overtake. */
const LAST_STREAM = 2 ** 31 - 1_000_000;
/** No service has it. */
const NOTHING_PATH = '/nothing/Nothing';

/** The call ended without an answer; why is for another call to find out. */
export class NoAnswer extends Error {}

interface Call {
  readonly resolve: (reply: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly pieces: Buffer[];
}

interface Request {
  readonly call: Call;
  /** 0 until it is begun: numbers must be used in the order in which they are given. */
  stream: number;
  /** With its prefix. */
  readonly message: Buffer;
  /** Of `message`. */
  sent: number;
  /** Of this stream; what the server takes before it says that it takes more. */
  window: number;
}

/**
 * Very many small calls of one kind, one behind the other on one connection, each as one piece of bytes: ten times as many as
 * through gRPC's library, and in the order in which they were made as far as the server's scheduler lets them be.
 *
 * Go runs what became ready last before everything else. So the last one of several requests that arrive together would
 * overtake all others: behind each such batch goes a call of a method that does not exist, which overtakes them without harm.
 */
export class CallPipe {
  readonly #socket: Duplex;
  readonly #headers: Buffer;
  readonly #nothing: Buffer;
  readonly #frames = new FrameReader();
  readonly #calls = new Map<number, Call>();
  readonly #waiting: Request[] = [];
  #nextStream = 1;
  #window = DEFAULT_WINDOW_BYTES;
  #streamWindow = DEFAULT_WINDOW_BYTES;
  #received = 0;
  #flushing = false;
  #failure: Error | undefined;

  /** @param socket is connected, and ended by `close`; a TLS socket speaks `h2` */
  constructor(socket: Duplex, path: string, scheme: 'http' | 'https') {
    this.#socket = socket;
    this.#headers = requestHeaders(path, scheme);
    this.#nothing = requestHeaders(NOTHING_PATH, scheme);
    socket.on('data', (piece: Buffer) => this.#frames.push(piece, (received) => this.#receive(received)));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new NoAnswer('the connection has ended')));
    socket.write(
      Buffer.concat([
        PREFACE,
        // Without a table of headers of the connection nothing of the answers' headers has to be remembered.
        settings([
          [SETTING.headerTableSize, 0],
          [SETTING.enablePush, 0],
          [SETTING.initialWindowSize, MAX_WINDOW_BYTES],
        ]),
        windowUpdate(0, MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
      ]),
    );
  }

  /** Sends a message; gives the answer's. Rejects with `NoAnswer` where there is none, or with the connection's error. */
  call(message: Buffer): Promise<Buffer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#nextStream > LAST_STREAM) return Promise.reject(new NoAnswer('the connection has had all its calls'));
    const prefixed = Buffer.allocUnsafe(MESSAGE_PREFIX_BYTES + message.length);
    prefixed[0] = 0;
    prefixed.writeUInt32BE(message.length, 1);
    message.copy(prefixed, MESSAGE_PREFIX_BYTES);
    return new Promise((resolve, reject) => {
      const call: Call = { resolve, reject, pieces: [] };
      this.#waiting.push({ call, stream: 0, message: prefixed, sent: 0, window: 0 });
      this.#flushSoon();
    });
  }

  /** Whether calls are under way. */
  get busy(): boolean {
    return this.#calls.size + this.#waiting.length > 0;
  }

  /** Ends the connection; calls under way are rejected. */
  close(): void {
    this.#fail(new NoAnswer('the connection was closed'));
  }

  /** When all that is made in this turn of the event loop has been made. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#failure !== undefined) return;
    const pieces: Buffer[] = [];
    let whole = 0;
    for (let request = this.#waiting[0]; request !== undefined; request = this.#waiting[0]) {
      if (!this.#sendSome(request, pieces)) break;
      this.#waiting.shift();
      whole += 1;
    }
    if (whole > 1) pieces.push(this.#overtaking());
    if (pieces.length > 0) this.#socket.write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
  }

  /** As much of a request as the server takes now; whether that was all of it. */
  #sendSome(request: Request, pieces: Buffer[]): boolean {
    const { message } = request;
    if (request.stream === 0) {
      if (this.#window <= 0 || this.#streamWindow <= 0) return false;
      request.stream = this.#newStream();
      request.window = this.#streamWindow;
      this.#calls.set(request.stream, request.call);
      pieces.push(frame(FRAME.headers, FLAG.endHeaders, request.stream, this.#headers));
    }
    const { stream } = request;
    while (request.sent < message.length) {
      const bytes = Math.min(message.length - request.sent, MAX_FRAME_BYTES, this.#window, request.window);
      if (bytes <= 0) return false;
      const end = request.sent + bytes;
      pieces.push(
        frame(FRAME.data, end === message.length ? FLAG.endStream : 0, stream, message.subarray(request.sent, end)),
      );
      request.sent = end;
      request.window -= bytes;
      this.#window -= bytes;
    }
    return true;
  }

  #overtaking(): Buffer {
    return frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, this.#newStream(), this.#nothing);
  }

  #newStream(): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    return stream;
  }

  #receive({ type, flags, stream, payload }: ReceivedFrame): void {
    if (type === FRAME.data) this.#receiveData(stream, payload, flags);
    else if (type === FRAME.headers) {
      if ((flags & FLAG.endStream) !== 0) this.#end(stream);
    } else if (type === FRAME.resetStream) this.#end(stream);
    else if (type === FRAME.windowUpdate) this.#extend(stream, payload.readUInt32BE() & MAX_WINDOW_BYTES);
    else if (type === FRAME.settings) this.#receiveSettings(flags, payload);
    else if (type === FRAME.ping && (flags & FLAG.ack) === 0)
      this.#socket.write(frame(FRAME.ping, FLAG.ack, 0, payload));
    else if (type === FRAME.goAway) this.#fail(new NoAnswer('the server takes no more calls'));
  }

  #receiveData(stream: number, payload: Buffer, flags: number): void {
    this.#calls.get(stream)?.pieces.push(payload);
    this.#received += payload.length;
    if (this.#received > MAX_WINDOW_BYTES / 4) {
      this.#socket.write(windowUpdate(0, this.#received));
      this.#received = 0;
    }
    if ((flags & FLAG.endStream) !== 0) this.#end(stream);
  }

  #receiveSettings(flags: number, payload: Buffer): void {
    if ((flags & FLAG.ack) !== 0) return;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTING.initialWindowSize) continue;
      const window = payload.readUInt32BE(at + 2);
      const [begun] = this.#waiting;
      if (begun !== undefined) begun.window += window - this.#streamWindow;
      this.#streamWindow = window;
    }
    this.#socket.write(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    this.#flushSoon();
  }

  /** The server takes more, of all streams or of one. */
  #extend(stream: number, bytes: number): void {
    if (stream === 0) this.#window += bytes;
    else {
      const request = this.#waiting[0];
      if (request?.stream === stream) request.window += bytes;
    }
    if (this.#waiting.length > 0) this.#flushSoon();
  }

  #end(stream: number): void {
    const call = this.#calls.get(stream);
    if (call === undefined) return;
    this.#calls.delete(stream);
    const [first] = call.pieces;
    const body = call.pieces.length === 1 && first !== undefined ? first : Buffer.concat(call.pieces);
    const isWhole =
      body.length >= MESSAGE_PREFIX_BYTES &&
      body.length === MESSAGE_PREFIX_BYTES + body.readUInt32BE(1) &&
      body[0] === 0;
    if (isWhole) call.resolve(body.subarray(MESSAGE_PREFIX_BYTES));
    else call.reject(new NoAnswer('the call was refused'));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#socket.destroy();
    const begun = new Set(this.#calls.values());
    for (const { call } of this.#waiting) begun.add(call);
    for (const call of begun) call.reject(error);
    this.#calls.clear();
    this.#waiting.length = 0;
  }
}

/**
 * What a client of gRPC needs of HTTP/2, and no more: frames as bytes (RFC 9113), and one block of request headers that is the
 * same for every call (RFC 7541, all literals).
 */

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const FRAME_HEADER_BYTES = 9;
/** What every peer takes. */
export const MAX_FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Of frames; they mean what they mean only on the frames that have them. */
export const FLAG = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8 } as const;

export const SETTING = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4, maxFrameSize: 5 } as const;

/** The head of a frame, in place in `target` at `offset`; its payload of `length` bytes follows. */
function writeFrameHeader(
  target: Buffer,
  offset: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  target.writeUIntBE(length, offset, 3);
  target[offset + 3] = type;
  target[offset + 4] = flags;
  return target.writeUInt32BE(stream, offset + 5);
}

/** A whole frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  payload.copy(whole, writeFrameHeader(whole, 0, payload.length, type, flags, stream));
  return whole;
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return frame(FRAME.windowUpdate, 0, stream, payload);
}

export function settings(values: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(values.length * 6);
  for (const [index, [id, value]] of values.entries())
    payload.writeUInt32BE(value, payload.writeUInt16BE(id, index * 6));
  return frame(FRAME.settings, 0, 0, payload);
}

/** The headers of a call, as the block of one HEADERS frame. Names by their index in the static table, values as they are. */
export function requestHeaders(path: string, scheme: 'http' | 'https'): Buffer {
  const [methodPost, schemeHttp, schemeHttps] = [0x83, 0x86, 0x87];
  const [pathName, authorityName] = [0x04, 0x01];
  return Buffer.concat([
    Buffer.from([methodPost, scheme === 'http' ? schemeHttp : schemeHttps, pathName]),
    literal(path),
    Buffer.from([authorityName]),
    literal('localhost'),
    // content-type is number 31: 15 in the first byte, the rest in the second.
    Buffer.from([0x0f, 0x10]),
    literal('application/grpc'),
    Buffer.from([0x00]),
    literal('te'),
    literal('trailers'),
  ]);
}

/** Not compressed; short enough for one byte of length. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** A frame that has arrived; the payload is a view. */
export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Puts frames together from what arrives. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Calls back for every whole frame. */
  push(piece: Buffer, onFrame: (received: ReceivedFrame) => void): void {
    const all = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    while (all.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + all.readUIntBE(at, 3);
      if (end > all.length) break;
      onFrame({
        type: all[at + 3] ?? 0,
        flags: all[at + 4] ?? 0,
        stream: all.readUInt32BE(at + 5) & 0x7fff_ffff,
        payload: all.subarray(at + FRAME_HEADER_BYTES, end),
      });
      at = end;
    }
    this.#rest = all.subarray(at);
  }
}

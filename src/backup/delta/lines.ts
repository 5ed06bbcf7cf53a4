const LINE_END = 0x0a;

/** A stream of text as lines without their ends. Throws a plain `Error` where the last line has none. */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let pending: Buffer[] = [];
  for await (const piece of source) {
    let from = 0;
    for (let end = piece.indexOf(LINE_END); end !== -1; end = piece.indexOf(LINE_END, from)) {
      const tail = piece.subarray(from, end);
      yield pending.length === 0 ? tail.toString('utf8') : Buffer.concat([...pending, tail]).toString('utf8');
      pending = [];
      from = end + 1;
    }
    if (from < piece.length) pending.push(piece.subarray(from));
  }
  if (pending.length > 0) throw new Error('its last line is cut off');
}

import { describe, expect, it } from 'vitest';
import { EventParser } from '../../../src/ui/live/event-parser.ts';

const text =
  ': a comment\nretry: 500\n\nevent: status\ndata: {"a":1}\n\nevent: sample\r\ndata: one\r\ndata: two\r\n\r\ndata:x\n\n';
const expected = [
  { event: 'status', data: '{"a":1}' },
  { event: 'sample', data: 'one\ntwo' },
  { event: 'message', data: 'x' },
];

describe('the parser of a stream of events', () => {
  it('reads events with one and several lines of data, and leaves out what has none', () => {
    expect(new EventParser().push(text)).toEqual(expected);
  });

  it('reads the same however the stream is cut into pieces', () => {
    for (let size = 1; size < text.length; size += 1) {
      const parser = new EventParser();
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
        text.slice(n * size, (n + 1) * size),
      );
      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(expected);
    }
  });

  it('gives nothing of an event that is not complete', () => {
    expect(new EventParser().push('event: status\ndata: {}\n')).toEqual([]);
  });
});

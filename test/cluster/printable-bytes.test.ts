import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfPrintable, printableBytes } from '../../src/cluster/printable-bytes.ts';

test('any bytes come back from their text, and no text moves a terminal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const text = printableBytes(Buffer.from(bytes));
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(bytesOfPrintable(text).equals(Buffer.from(bytes))).toBe(true);
    }),
  );
});

test('text as people write it stands for itself', () => {
  expect(printableBytes(Buffer.from('/k/ä b'))).toBe('/k/ä b');
  expect(bytesOfPrintable('/k/ä\\b')).toEqual(Buffer.from('/k/ä\\b'));
  expect(bytesOfPrintable('\\x2f\\xff')).toEqual(Buffer.from([0x2f, 0xff]));
  expect(printableBytes(Buffer.from('\\x41'))).toBe('\\x5cx41');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyOfText, keyText } from '../../src/cluster/key-text.ts';

test('any bytes come back from their text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const key = Buffer.from(bytes);
      expect(keyOfText(keyText(key))?.equals(key)).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(keyOfText(keyText(Buffer.from(text)))?.toString()).toBe(text);
    }),
  );
});

test('what can be read stands as it is, and everything else as bytes', () => {
  expect(keyText(Buffer.from('/registry/ü'))).toBe('/registry/ü');
  expect(keyText(Buffer.from([0x2f, 0xff, 0x00, 0x5c]))).toBe('/\\xff\\x00\\x5c');
});

test('a backslash that begins no byte is no text of a key', () => {
  for (const text of ['a\\b', 'a\\', '\\x1', '\\xgg']) expect(keyOfText(text)).toBeUndefined();
});

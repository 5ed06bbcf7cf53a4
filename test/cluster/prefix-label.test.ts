import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixLabel } from '../../src/cluster/prefix-label.ts';

const label = (text: string): string => prefixLabel(Buffer.from(text));

describe('the label of a prefix', () => {
  it('is the prefix without its closing slash', () => {
    expect(label('/registry/pods/')).toBe('/registry/pods');
    expect(label('größe/日本/')).toBe('größe/日本');
  });

  it('is never empty and never taken for something else', () => {
    expect(label('')).toBe('(no prefix)');
    expect(label('(no prefix)/')).toBe('(no prefix)/');
    expect(label('other/')).toBe('other/');
    expect(label('/')).toBe('/');
    expect(label('//')).toBe('//');
  });

  it('shows bytes that are no text, control characters and backslashes as hexadecimal', () => {
    expect(prefixLabel(Buffer.from([0x2f, 0xff, 0xc3, 0x2f]))).toBe('/\\xff\\xc3');
    expect(label('/a\n\u0000b\\/')).toBe('/a\\x0a\\x00b\\x5c');
    expect(label('/\u202e/')).toBe('/\\xe2\\x80\\xae');
  });

  it('of a long prefix is cut and still its own', () => {
    const [one, two] = [label(`/${'x'.repeat(5000)}1/`), label(`/${'x'.repeat(5000)}2/`)];
    expect(one.length).toBeLessThanOrEqual(160);
    expect(one).not.toBe(two);
  });

  it('is valid UTF-8 without control characters, bounded, and different for different prefixes', () => {
    const prefix = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([bytes, Buffer.from('/')]));
    fc.assert(
      fc.property(prefix, prefix, (a, b) => {
        const text = prefixLabel(a);
        expect(Buffer.from(text).toString('utf8')).toBe(text);
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        expect(text.length).toBeLessThanOrEqual(160);
        expect(text.length).toBeGreaterThan(0);
        expect(text === prefixLabel(b)).toBe(a.equals(b));
      }),
    );
  });
});

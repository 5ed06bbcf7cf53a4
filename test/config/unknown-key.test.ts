import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/config/unknown-key.ts';

describe('the number of slips between two names', () => {
  it.each([
    ['', '', 0],
    ['interval', 'interval', 0],
    ['intervall', 'interval', 1],
    ['endpiont', 'endpoint', 1],
    ['nmae', 'name', 1],
    ['kitten', 'sitting', 3],
  ])('%j and %j: %d', (a, b, slips) => {
    expect(editDistance(a, b)).toBe(slips);
  });

  it('is the same both ways, 0 only for the same name, and never more than the longer one has letters', () => {
    const name = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(name, name, (a, b) => {
        const slips = editDistance(a, b);
        expect(slips).toBe(editDistance(b, a));
        expect(slips === 0).toBe(a === b);
        expect(slips).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('the nearest name', () => {
  it('is found across capitals, dashes and underscores, and from its beginning', () => {
    expect(nearest('data-dir', ['name', 'dataDir'])).toBe('dataDir');
    expect(nearest('password', ['username', 'passwordFile'])).toBe('passwordFile');
  });

  it('is none where every name is far, or the wanted one is no name at all', () => {
    expect(nearest('zebra', ['name', 'dataDir'])).toBeUndefined();
    expect(nearest('x'.repeat(10_000), ['x'.repeat(9999)])).toBeUndefined();
  });
});

import { expect, it } from 'vitest';
import { formatInstant } from '../../src/cli/instant.ts';

it.each([
  [Date.parse('2026-01-01T12:00:00.999Z'), '2026-01-01T12:00:00Z'],
  ['+Inf', '+275760-09-13T00:00:00Z'],
  [-1e300, '-271821-04-20T00:00:00Z'],
  [Number.NaN, '1970-01-01T00:00:00Z'],
] as const)('a time is written for people, also one that no calendar has: %s', (atMs, text) => {
  expect(formatInstant(atMs)).toBe(text);
});

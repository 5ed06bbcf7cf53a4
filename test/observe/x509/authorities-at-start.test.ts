import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { AuthoritiesAtStart } from '../../../src/observe/x509/authorities-at-start.ts';

const START = 1_000_000;
const authority = (fingerprint256: string): X509Certificate =>
  Object.create(X509Certificate.prototype, { fingerprint256: { value: fingerprint256 } });
const file = (changedAtMs: number, ...names: readonly string[]) => ({
  changedAtMs,
  certificates: names.map(authority),
});

test('a file that was written anew with the same authorities, in whatever order, is the same', () => {
  const seen = new AuthoritiesAtStart();
  expect(seen.look('/ca', file(START - 9, 'a', 'b'), START)).toBe('same');
  expect(seen.look('/ca', file(START + 99_000, 'b', 'a'), START)).toBe('same');
});

test('one with another authority is another, until etcd starts anew', () => {
  const seen = new AuthoritiesAtStart();
  seen.look('/ca', file(START - 9, 'a'), START);
  expect(seen.look('/ca', file(START + 99_000, 'a', 'b'), START)).toBe('other');
  // The start is known to a second or so.
  expect(seen.look('/ca', file(START + 99_000, 'a', 'b'), START + 700)).toBe('other');
  expect(seen.look('/ca', file(START + 99_000, 'a', 'b'), START + 200_000)).toBe('same');
});

test('what was written before it was looked at for the first time nobody knows', () => {
  const seen = new AuthoritiesAtStart();
  expect(seen.look('/ca', file(START + 99_000, 'a'), START)).toBe('unknown');
  expect(seen.look('/ca', file(START + 99_000, 'a'), START)).toBe('unknown');
});

test('etcd started again while the same authorities were written anew', () => {
  const seen = new AuthoritiesAtStart();
  seen.look('/ca', file(START - 9, 'a'), START);
  expect(seen.look('/ca', file(START + 300_000, 'a'), START + 200_000)).toBe('same');
  expect(seen.look('/ca', file(START + 900_000, 'b'), START + 800_000)).toBe('unknown');
});

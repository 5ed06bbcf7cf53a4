import { expect, test } from 'vitest';
import { catalogue, faultsNamed } from './catalogue.ts';

const namesOf = (names: readonly string[] | undefined, members?: number): readonly string[] =>
  faultsNamed(names, members).map(({ name }) => name);

test('what is drawn from without names is all that can go together on a cluster of that size', () => {
  expect(namesOf(undefined)).toContain('recovery-all');
  expect(namesOf(undefined)).not.toContain('wipe-and-mend');
  expect(namesOf(undefined, 5)).toContain('wipe-and-mend');
  expect(namesOf(undefined, 5)).not.toContain('flip-value');
  expect(namesOf(['flip-value'])).toEqual(['flip-value']);
  expect(() => faultsNamed(['none'])).toThrow('there is no fault none');
});

test('every fault has a name of its own', () => {
  expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
});

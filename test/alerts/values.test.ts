import { expect, it } from 'vitest';
import { promtoolValues } from './values.ts';

it.each([
  ['3', 4, '3+0x4'],
  ['0+6', 3, '0+6x3'],
  ['3, 2m 1', 4, '3+0x1 1+0x2'],
  ['0+6, 3m +0', 5, '0+6x2 12+0x2'],
  ['5, 2m gone', 4, '5+0x1 stale _x2'],
  ['5, 2m gone, 3m 5', 4, '5+0x1 stale 5+0x1'],
  ['100-10', 2, '100-10x2'],
])('%s for %i minutes', (text, minutes, values) => {
  expect(promtoolValues(text, minutes)).toBe(values);
});

it('what is no span of values is refused', () => {
  expect(() => promtoolValues('3, soon', 4)).toThrow('no span');
});

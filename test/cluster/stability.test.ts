import { describe, expect, it } from 'vitest';
import { HeldCondition, StableValue } from '../../src/cluster/stability.ts';

describe('how long a value has been the same', () => {
  it.each<[string, readonly (readonly [value: string, atMs: number])[], number]>([
    ['nothing at the first look', [['a', 1000]], 0],
    [
      'since the first look',
      [
        ['a', 1000],
        ['a', 6000],
        ['a', 11_000],
      ],
      10,
    ],
    [
      'since it changed',
      [
        ['a', 1000],
        ['b', 6000],
        ['b', 11_000],
      ],
      5,
    ],
    [
      'nothing when it has just changed',
      [
        ['a', 1000],
        ['b', 6000],
      ],
      0,
    ],
    [
      'since it came back',
      [
        ['a', 0],
        ['b', 5000],
        ['a', 10_000],
        ['a', 12_000],
      ],
      2,
    ],
    [
      'over looks that are a minute apart',
      [
        ['a', 0],
        ['a', 60_000],
      ],
      60,
    ],
    [
      'anew after nobody has looked for longer',
      [
        ['a', 0],
        ['a', 60_001],
        ['a', 65_001],
      ],
      5,
    ],
  ])('%s', (_name, looks, seconds) => {
    const value = new StableValue<string>();
    expect(looks.map(([now, atMs]) => value.look(now, atMs)).at(-1)).toBe(seconds);
  });
});

describe('how long a condition has held', () => {
  it.each<[string, readonly (readonly [holds: boolean, atMs: number])[], number]>([
    [
      'nothing while it does not',
      [
        [false, 0],
        [false, 50_000],
      ],
      0,
    ],
    [
      'nothing when it begins to',
      [
        [false, 0],
        [true, 5000],
      ],
      0,
    ],
    [
      'since it does',
      [
        [false, 0],
        [true, 5000],
        [true, 45_000],
      ],
      40,
    ],
    [
      'anew after a break',
      [
        [true, 0],
        [false, 5000],
        [true, 10_000],
        [true, 13_000],
      ],
      3,
    ],
    [
      'nothing once it has ended',
      [
        [true, 0],
        [true, 50_000],
        [false, 51_000],
      ],
      0,
    ],
    [
      'anew after nobody has looked for a while',
      [
        [true, 0],
        [true, 90_000],
      ],
      0,
    ],
  ])('%s', (_name, looks, seconds) => {
    const condition = new HeldCondition();
    expect(looks.map(([holds, atMs]) => condition.look(holds, atMs)).at(-1)).toBe(seconds);
  });
});

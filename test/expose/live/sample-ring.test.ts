import { describe, expect, it } from 'vitest';
import { SampleRing } from '../../../src/expose/live/sample-ring.ts';

describe('a ring of samples', () => {
  it('keeps the newest, oldest first, and knows nothing of a column before its first value', () => {
    const ring = new SampleRing(3, 4);
    ring.push(1, { a: 10 });
    ring.push(2, { a: null, b: 20 });
    expect(ring.read(0)).toEqual({ times: [1, 2], columns: { a: [10, null], b: [null, 20] } });
    ring.push(3, { a: 30 });
    ring.push(4, { a: 40, b: 0 });
    expect(ring.read(0)).toEqual({ times: [2, 3, 4], columns: { a: [null, 30, 40], b: [20, null, 0] } });
    expect(ring.read(3)).toEqual({ times: [3, 4], columns: { a: [30, 40], b: [null, 0] } });
  });

  it('lets go of a column that has no value any more, and of the one that is oldest where there are too many', () => {
    const ring = new SampleRing(3, 2);
    ring.push(1, { gone: 1, stays: 1 });
    for (const time of [2, 3, 4]) ring.push(time, { stays: time });
    expect(Object.keys(ring.read(0).columns)).toEqual(['stays']);
    ring.push(5, { second: 5, stays: 5 });
    ring.push(6, { third: 6, stays: 6 });
    expect(ring.read(0).columns).toEqual({ stays: [4, 5, 6], third: [null, null, 6] });
  });

  it('has no more columns than it may, however many names come by', () => {
    const ring = new SampleRing(5, 3);
    for (let time = 0; time < 100; time++) ring.push(time, { [`peer ${time}`]: time });
    expect(Object.keys(ring.read(0).columns)).toEqual(['peer 97', 'peer 98', 'peer 99']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pauseSeconds } from '../../../src/observe/keyspace/pace.ts';
import { PageLimit } from '../../../src/observe/keyspace/page-limit.ts';

describe('the pace of the scan', () => {
  it('keeps to the rate', () => {
    expect(pauseSeconds({ keysPerSecond: 5000, busyShare: 1 }, 2000, 0.1)).toBeCloseTo(0.3);
  });

  it('slows down when pages take long', () => {
    expect(pauseSeconds({ keysPerSecond: 5000, busyShare: 0.2 }, 100, 1)).toBeCloseTo(4);
  });

  it('is as fast as it can be when nothing limits it', () => {
    expect(pauseSeconds({ keysPerSecond: Number.POSITIVE_INFINITY, busyShare: 1 }, 2000, 0.1)).toBe(0);
  });
});

describe('the size of a page', () => {
  it('comes to the target from below, at most twice as large each time', () => {
    const limit = new PageLimit(2 ** 20);
    const limits = Array.from({ length: 8 }, () => {
      limit.learn(limit.limit, limit.limit * 512);
      return limit.limit;
    });
    expect(limits.slice(0, 3)).toEqual([128, 256, 512]);
    expect(limits.at(-1)).toBe(Math.floor(2 ** 20 / 552));
  });

  it('asks for a single key where values are larger than a page', () => {
    const limit = new PageLimit(2 ** 20);
    limit.learn(10, 15_000_000);
    expect(limit.limit).toBe(1);
  });

  it('becomes smaller after a page that was too large, and says when it cannot', () => {
    const limit = new PageLimit(2 ** 20);
    expect(limit.shrink()).toBe(true);
    expect(limit.shrink()).toBe(true);
    expect(limit.limit).toBe(1);
    expect(limit.shrink()).toBe(false);
  });

  it('is never below one key and never above 4096', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ keys: fc.nat(10_000), bytes: fc.nat() })), (pages) => {
        const limit = new PageLimit(2 ** 20);
        for (const { keys, bytes } of pages) {
          limit.learn(keys, bytes);
          expect(limit.limit).toBeGreaterThanOrEqual(1);
          expect(limit.limit).toBeLessThanOrEqual(4096);
        }
      }),
    );
  });
});

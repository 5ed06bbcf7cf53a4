import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressed } from '../../../src/backup/full/compress.ts';
import { atRate } from '../../../src/backup/full/rate.ts';

async function all(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const got: Buffer[] = [];
  for await (const piece of stream) got.push(piece);
  return Buffer.concat(got);
}

async function* pieces(bytes: Buffer, ...sizes: readonly number[]): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe('what is compressed', () => {
  test.each([
    [0, [1]],
    [1, [1]],
    [524_288, [524_288]],
    [524_289, [32_768]],
    [5_000_000, [32_768, 1, 700_000]],
    [3_000_000, [3_000_000]],
  ] as const)('comes back as it was: %i bytes in pieces of %j', async (bytes, sizes) => {
    const plain = Buffer.concat([randomBytes(bytes / 2), Buffer.alloc(bytes - Math.floor(bytes / 2), 'x')]).subarray(
      0,
      bytes,
    );
    for (const level of [1, 2, 3] as const) {
      const packed = await all(compressed(pieces(plain, ...sizes), level));
      expect(zstdDecompressSync(packed).equals(plain)).toBe(true);
    }
  });

  test.each([0, 1, 40])('does not end cleanly where its source fails after %i pieces', async (count) => {
    const failing = async function* (): AsyncGenerator<Buffer, void, undefined> {
      for (let i = 0; i < count; i += 1) yield randomBytes(100_000);
      throw Object.assign(new Error('here'), { code: 'EHERE' });
    };
    await expect(all(compressed(failing(), 1))).rejects.toMatchObject({ code: 'EHERE' });
  });

  test('a consumer that leaves early lets the source go', async () => {
    let released = false;
    const source = async function* (): AsyncGenerator<Buffer, void, undefined> {
      try {
        for (;;) yield randomBytes(100_000);
      } finally {
        released = true;
      }
    };
    for await (const _ of compressed(source(), 1)) break;
    await expect.poll(() => released).toBe(true);
  });

  test('a consumer that waits holds the source back', async () => {
    let given = 0;
    const source = async function* (): AsyncGenerator<Buffer, void, undefined> {
      for (let i = 0; i < 1000; i += 1) {
        given += 100_000;
        yield randomBytes(100_000);
      }
    };
    const stream = compressed(source(), 1);
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(given).toBeLessThan(10_000_000);
    await stream.return();
  });
});

describe('a rate', () => {
  test('lets all bytes through, in no less time than they need', async () => {
    const bytes = randomBytes(400_000);
    const startedMs = performance.now();
    const got = await all(atRate(pieces(bytes, 32_768), 1_000_000, new AbortController().signal));
    expect(got.equals(bytes)).toBe(true);
    expect(performance.now() - startedMs).toBeGreaterThan(250);
  });

  test('ends its wait when it is told to', async () => {
    const stop = new AbortController();
    const reading = all(atRate(pieces(randomBytes(1_000_000), 500_000), 100, stop.signal));
    stop.abort();
    await expect(reading).rejects.toThrow();
  });
});

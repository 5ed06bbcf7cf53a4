import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FullOptions, takeFull } from '../../../src/backup/full/take-full.ts';
import type { SnapshotChunk } from '../../../src/etcd/types.ts';
import { keysOf } from '../altered-store.ts';
import { type FullFixture, startFixture } from './full-fixture.ts';

type Change = (chunk: SnapshotChunk, index: number) => SnapshotChunk | undefined;

describe('of a snapshot that does not arrive as it was sent nothing is kept', () => {
  let fixture: FullFixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  /** The member's client, whose snapshot goes through `change`; where that gives nothing, the stream ends there, cleanly. */
  function clientWith(change: Change): FullOptions['client'] {
    const { client } = fixture;
    return {
      member: client.member,
      status: (signal) => client.status(signal),
      range: (request, signal) => client.range(request, signal),
      snapshot: async function* (signal) {
        let index = 0;
        for await (const chunk of client.snapshot(signal)) {
          const changed = change(chunk, index);
          if (changed === undefined) return;
          yield changed;
          index += 1;
        }
      },
    };
  }

  const faults: readonly (readonly [string, string, Change])[] = [
    ['a stream that ends too early', 'SNAPSHOT_DAMAGED', (chunk, index) => (index < 200 ? chunk : undefined)],
    ['a stream without its checksum', 'SNAPSHOT_DAMAGED', (chunk) => (chunk.blob.length === 32 ? undefined : chunk)],
    ['a stream with nothing in it', 'SNAPSHOT_CUT', () => undefined],
    [
      'a bit that is another one',
      'SNAPSHOT_DAMAGED',
      (chunk, index) => {
        if (index === 100) chunk.blob.writeUInt8(chunk.blob.readUInt8(77) ^ 4, 77);
        return chunk;
      },
    ],
    ['a piece that is missing', 'SNAPSHOT_DAMAGED', (c, index) => (index === 9 ? { ...c, blob: Buffer.alloc(0) } : c)],
    [
      'an error of the stream',
      'EHERE',
      (chunk, index) => {
        if (index === 150) throw Object.assign(new Error('here'), { code: 'EHERE' });
        return chunk;
      },
    ],
  ];
  test.each(faults)('%s: %s', async (_name, code, change) => {
    const stores = [fixture.newStore(), fixture.newStore()];
    const options = {
      ...fixture.options,
      client: clientWith(change),
      destinations: stores.map((store) => ({ store })),
    };
    await expect(takeFull(options)).rejects.toMatchObject({ code });
    for (const store of stores) expect(await keysOf(store)).toEqual([]);
  });

  test('whoever has it stopped midway', async () => {
    const store = fixture.newStore();
    const stop = new AbortController();
    const taking = takeFull(
      {
        ...fixture.options,
        destinations: [{ store }],
        onProgress: ({ readBytes, totalBytes }) => {
          if (readBytes > totalBytes / 2) stop.abort(new Error('enough'));
        },
      },
      stop.signal,
    );
    await expect(taking).rejects.toThrow();
    expect(await keysOf(store)).toEqual([]);
  });

  test('a member that hangs midway', async () => {
    const store = fixture.newStore();
    const [member] = fixture.cluster.members;
    let paused = false;
    const taking = takeFull({
      ...fixture.options,
      bytesPerSecond: 20_000_000,
      destinations: [{ store }],
      onProgress: ({ readBytes }) => {
        if (readBytes > 1_000_000 && !paused) {
          paused = true;
          member?.pause();
        }
      },
    });
    await expect(taking).rejects.toMatchObject({ code: expect.stringMatching(/^ETCD_/) });
    member?.resume();
    expect(await keysOf(store)).toEqual([]);
  });

  test('a member that is killed midway', async () => {
    const store = fixture.newStore();
    const [member] = fixture.cluster.members;
    let killed: Promise<void> | undefined;
    const taking = takeFull({
      ...fixture.options,
      bytesPerSecond: 5_000_000,
      destinations: [{ store }],
      onProgress: ({ readBytes }) => {
        if (readBytes > 1_000_000) killed ??= member?.kill();
      },
    });
    await expect(taking).rejects.toMatchObject({ code: expect.stringMatching(/^ETCD_/) });
    await killed;
    expect(await keysOf(store)).toEqual([]);
  });
});

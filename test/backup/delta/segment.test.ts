import { spawnSync } from 'node:child_process';
import { zstdDecompressSync } from 'node:zlib';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DeltaEvent, DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { decodeSegment, readSegmentManifest } from '../../../src/backup/delta/segment.ts';
import { encodeSegment, type SegmentCipher } from '../../../src/backup/delta/segment-writer.ts';
import { deltaKey } from '../../../src/backup/names.ts';
import { all, inPieces, putAt, someFacts } from './segments.ts';

const key = deltaKey({ kind: 'delta', from: 5n, to: 9n, epoch: 3n, id: 'x' }, false);
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const int64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const anEvent: fc.Arbitrary<DeltaEvent> = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    key: bytes,
    value: bytes,
    createRevision: int64,
    version: int64,
    lease: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
  bytes.map((name) => ({
    type: 'delete' as const,
    key: name,
    value: Buffer.alloc(0),
    createRevision: 0n,
    version: 0n,
    lease: 0n,
  })),
);
const someRecords: fc.Arbitrary<DeltaRecord[]> = fc
  .array(
    fc.record({
      events: fc.array(anEvent, { minLength: 1, maxLength: 4 }),
      ttl: fc.option(fc.nat(), { nil: undefined }),
    }),
    { minLength: 5, maxLength: 5 },
  )
  .map((batches) =>
    batches.flatMap(({ events, ttl }, index): DeltaRecord[] => [
      ...(ttl === undefined ? [] : [{ kind: 'lease' as const, grant: { id: BigInt(index), ttlSeconds: ttl } }]),
      { kind: 'revision', batch: { revision: 5n + BigInt(index), events } },
    ]),
  );

const small: readonly DeltaRecord[] = [{ kind: 'lease', grant: { id: 7n, ttlSeconds: 60 } }, putAt(5n, 'a', 'b')];
const smallText =
  '{"lease":"7","ttl":60}\n{"revision":"5","events":[{"put":"YQ==","value":"Yg==","create":"5","version":"1","lease":"0"}]}\n';

const whole: readonly DeltaRecord[] = [5n, 6n, 7n, 8n, 9n].map((revision) => putAt(revision));

async function read(object: Buffer, name = key): Promise<DeltaRecord[]> {
  const { records } = await decodeSegment(inPieces(object), { key: name });
  return all(records);
}

async function refusal(object: Buffer, name = key): Promise<unknown> {
  return read(object, name).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a segment', () => {
  test('gives back what was put into it, whatever that is', async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, async (records) => {
        const { object, manifest, manifestSha256 } = await encodeSegment(someFacts(5n, 9n), records);
        const open = await decodeSegment(inPieces(object, 11), { key });
        expect(open.manifest).toEqual(manifest);
        expect(open.manifestSha256).toBe(manifestSha256);
        expect(await all(open.records)).toEqual(records);
        expect(await readSegmentManifest(inPieces(object), key)).toEqual({ manifest, manifestSha256 });
      }),
      { numRuns: 60 },
    );
  });

  test('is two frames that zstd passes over, then text in a zstd frame', async () => {
    const { object, manifest } = await encodeSegment(someFacts(5n, 5n), small);
    const manifestEnd = 8 + object.readUInt32LE(4);
    const bodyStart = manifestEnd + 8 + object.readUInt32LE(manifestEnd + 4);
    expect([object.readUInt32LE(0), object.readUInt32LE(manifestEnd)]).toEqual([0x184d2a50, 0x184d2a51]);
    expect(JSON.parse(object.subarray(8, manifestEnd).toString())).toMatchObject({ kind: 'delta', firstRevision: '5' });
    expect(object.length - bodyStart).toBe(manifest.stored.bytes);
    expect(zstdDecompressSync(object.subarray(bodyStart)).toString()).toBe(smallText);
  });

  test('is text after a plain `zstd -d`', async () => {
    const { object } = await encodeSegment(someFacts(5n, 5n), small);
    expect(spawnSync('zstd', ['-d', '-c'], { input: object }).stdout.toString()).toBe(smallText);
  });

  test('is refused for any flipped bit', async () => {
    const { object } = await encodeSegment(someFacts(5n, 9n), whole);
    const letThrough: number[] = [];
    for (let bit = 0; bit < object.length * 8; bit += 1) {
      const flipped = Buffer.from(object);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const error = await refusal(flipped);
      if (!isDamaged(error)) letThrough.push(bit);
    }
    expect(letThrough).toEqual([]);
  });

  test('is refused wherever it is cut off, and with anything behind it', async () => {
    const { object } = await encodeSegment(someFacts(5n, 9n), whole);
    const letThrough: number[] = [];
    for (let length = 0; length < object.length; length += 1) {
      if (!isDamaged(await refusal(object.subarray(0, length)))) letThrough.push(length);
    }
    expect(letThrough).toEqual([]);
    expect(await refusal(Buffer.concat([object, Buffer.from([0])]))).toMatchObject({ code: 'SEGMENT_DAMAGED' });
    const twice = await refusal(Buffer.concat([object, object]));
    expect(twice).toMatchObject({ code: 'SEGMENT_DAMAGED', message: expect.stringContaining(key) });
  });

  test('is refused under the name of another one', async () => {
    const { object } = await encodeSegment(someFacts(5n, 9n), whole);
    for (const other of [
      { from: 4n, to: 9n, epoch: 3n, id: 'x' },
      { from: 5n, to: 10n, epoch: 3n, id: 'x' },
      { from: 5n, to: 9n, epoch: 4n, id: 'x' },
    ]) {
      expect(await refusal(object, deltaKey({ kind: 'delta', ...other }, false))).toMatchObject({
        code: 'SEGMENT_DAMAGED',
      });
    }
  });

  test('is refused with revisions missing, out of order or outside of its range', async () => {
    const [five, six, seven, eight, nine] = whole;
    for (const records of [
      [],
      ...[
        [six, seven, eight, nine],
        [five, six, eight, nine],
        [five, six, seven, eight],
      ],
      ...[
        [putAt(4n), ...whole],
        [...whole, putAt(10n)],
      ],
      ...[
        [five, seven, six, eight, nine],
        [five, six, six, seven, eight, nine],
      ],
    ].map((some) => some.filter((record) => record !== undefined))) {
      const { object } = await encodeSegment(someFacts(5n, 9n), records);
      expect(await refusal(object)).toMatchObject({ code: 'SEGMENT_DAMAGED' });
    }
  });

  test('is read with the identity that it was encrypted for, and not without one', async () => {
    const identity = await generateX25519Identity();
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(identity));
    const cipher: SegmentCipher = {
      keyIds: ['k1'],
      encrypt: (stream) => through(stream, (all) => encrypter.encrypt(all)),
    };
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const records = whole;
    const { object, manifest } = await encodeSegment(someFacts(5n, 9n), records, { cipher });
    expect(manifest.encryption).toEqual({ format: 'age', keyIds: ['k1'] });
    await expect(decodeSegment(inPieces(object), { key })).rejects.toMatchObject({ code: 'SEGMENT_ENCRYPTED' });
    const decrypt = (stream: AsyncIterable<Buffer>) => through(stream, (all) => decrypter.decrypt(all));
    const open = await decodeSegment(inPieces(object), { key, decrypt });
    expect(await all(open.records)).toEqual(records);
  });

  test('whose source fails is not damaged: what the source said is told', async () => {
    const { object } = await encodeSegment(someFacts(5n, 9n), [putAt(5n)]);
    const gone = Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    async function* failing(): AsyncGenerator<Buffer, void, undefined> {
      yield object.subarray(0, object.length - 3);
      throw gone;
    }
    const { records } = await decodeSegment(failing(), { key });
    await expect(all(records)).rejects.toBe(gone);
  });
});

function isDamaged(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'SEGMENT_DAMAGED' || code === 'MANIFEST_UNREADABLE' || code === 'MANIFEST_NEWER';
}

async function* through(
  stream: AsyncIterable<Buffer>,
  change: (all: Uint8Array) => Promise<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from(await change(Buffer.concat(await all(stream))));
}

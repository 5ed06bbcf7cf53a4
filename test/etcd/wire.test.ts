import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alarmsIn } from '../../src/etcd/alarms.ts';
import { KEY_SIZES } from '../../src/etcd/wire/key-sizes.ts';
import { RANGE } from '../../src/etcd/wire/kv.ts';
import { STATUS } from '../../src/etcd/wire/maintenance.ts';
import { WireReader } from '../../src/etcd/wire/reader.ts';
import { WATCH } from '../../src/etcd/wire/watch.ts';
import { WireWriter } from '../../src/etcd/wire/writer.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const keyValue = fc.record({
  key: bytes,
  value: bytes,
  createRevision: int64,
  modRevision: int64,
  version: int64,
  lease: int64,
});
type KeyValue = Parameters<Parameters<typeof keyValue.map>[0]>[0];

const writeKeyValue = (kv: KeyValue): Buffer =>
  new WireWriter()
    .bytes(1, kv.key)
    .integer(2, kv.createRevision)
    .integer(3, kv.modRevision)
    .integer(4, kv.version)
    .bytes(5, kv.value)
    .integer(6, kv.lease)
    // A field that a later etcd may add.
    .text(99, 'unknown')
    .finish();

describe('the wire format', () => {
  test('every int64, uint64 and id comes back as it was written', () => {
    fc.assert(
      fc.property(int64, uint64, (signed, unsigned) => {
        const message = new WireWriter().integer(1, signed).integer(2, unsigned).integer(3, unsigned).finish();
        const reader = new WireReader(message);
        const read: Record<number, unknown> = {};
        for (let tag = reader.tag(message.length); tag !== 0; tag = reader.tag(message.length)) {
          read[tag] = tag === 0x08 ? reader.int64() : tag === 0x10 ? reader.uint64() : reader.id();
        }
        expect(read[0x08] ?? 0n).toBe(signed);
        expect(read[0x10] ?? 0n).toBe(unsigned);
        expect(read[0x18] ?? '0').toBe(unsigned.toString(16));
      }),
    );
  });

  test('numbers up to 2^53 are exact, negative ones too', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        const message = new WireWriter().integer(1, number).finish();
        const reader = new WireReader(message);
        expect(reader.tag(message.length) === 0 ? 0 : reader.number()).toBe(number);
      }),
    );
  });

  test('a range comes back with every key, value and revision, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(keyValue, { maxLength: 5 }), fc.boolean(), fc.nat(), (kvs, more, count) => {
        const writer = new WireWriter();
        for (const kv of kvs) writer.message(2, writeKeyValue(kv));
        const reply = writer.bool(3, more).integer(4, count).finish();
        expect(RANGE.decode(reply)).toMatchObject({ kvs, more, count });
        const sizes: [Buffer, number][] = [];
        const page = KEY_SIZES.decode(reply);
        page.forEach((key, valueBytes) => {
          sizes.push([key, valueBytes]);
        });
        expect(sizes).toEqual(kvs.map((kv) => [kv.key, kv.value.length]));
        expect([page.more, page.count]).toEqual([more, count]);
      }),
    );
  });

  test('the fields that etcd 3.6 added to Status are read', () => {
    const reply = new WireWriter().text(2, '3.6.1').text(11, '3.6.0').integer(12, 8_589_934_592n).finish();
    expect(STATUS.decode(reply)).toMatchObject({
      version: '3.6.1',
      storageVersion: '3.6.0',
      dbSizeQuotaBytes: 8_589_934_592,
      leaderId: '0',
    });
  });

  test('a message that is cut off or garbage is an error or another message, never an endless loop', () => {
    const kv = {
      key: Buffer.from('k'),
      value: Buffer.alloc(50),
      createRevision: 1n,
      modRevision: 2n,
      version: 1n,
      lease: 0n,
    };
    const whole = new WireWriter().message(2, writeKeyValue(kv)).finish();
    for (let length = 1; length < whole.length; length += 1) {
      expect(() => RANGE.decode(whole.subarray(0, length))).toThrow(RangeError);
      expect(() => KEY_SIZES.decode(whole.subarray(0, length))).toThrow(RangeError);
    }
    fc.assert(
      fc.property(bytes, (garbage) => {
        for (const method of [RANGE, KEY_SIZES, STATUS, WATCH]) {
          try {
            method.decode(garbage);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      }),
    );
  });
});

describe('alarms among the errors of Status', () => {
  test('are told with the ids that etcdctl shows, and other errors are none', () => {
    const errors = [
      'etcdserver: no leader',
      'memberID:16280429264080310597 alarm:NOSPACE ',
      'memberID:1 alarm:CORRUPT',
      'alarm:CORRUPT ',
      'memberID:1 alarm:FUTURE',
    ];
    const status = { ...STATUS.decode(Buffer.alloc(0)), errors };
    expect(alarmsIn(status)).toEqual([
      { memberId: 'e1efb42884619145', alarm: 'NOSPACE' },
      { memberId: '1', alarm: 'CORRUPT' },
      { memberId: '0', alarm: 'CORRUPT' },
    ]);
  });
});

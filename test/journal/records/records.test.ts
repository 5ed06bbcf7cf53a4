import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Slot } from '../../../src/cluster/caretaking.ts';
import { encodeAgent, parseAgent } from '../../../src/journal/records/agent.ts';
import { encodeArmed, parseArmed } from '../../../src/journal/records/armed.ts';
import { encodeEpoch, parseEpoch } from '../../../src/journal/records/epoch.ts';
import type { Parsed } from '../../../src/journal/records/format.ts';
import { encodeHistory, parseHistory } from '../../../src/journal/records/history.ts';
import { encodeLeader, parseLeader } from '../../../src/journal/records/leader.ts';
import { encodePause, parsePause } from '../../../src/journal/records/pause.ts';
import { encodeReport, parseReport } from '../../../src/journal/records/report.ts';
import { encodeRequest, parseRequest } from '../../../src/journal/records/request.ts';
import { encodeSlot, parseSlot } from '../../../src/journal/records/slot.ts';
import { encodeSpare, parseSpare } from '../../../src/journal/records/spare.ts';

const any = fc.string({ unit: 'binary', maxLength: 20 });
const ms = fc.maxSafeNat();
const epoch = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const figure = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number));
// JSON turns -0 into 0.
const plain = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)));
const values = fc.dictionary(any, plain, { maxKeys: 4 }).map((object) => ({ ...object }));
const texts = fc.array(any, { maxLength: 4 });
const steps = fc.array(
  fc.record(
    { name: any, memberId: any, atMs: ms, detail: any },
    { requiredKeys: ['name', 'atMs'], noNullPrototype: true },
  ),
  { maxLength: 4 },
);
const shape = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, optional: readonly string[] = []) =>
  fc.record(model, {
    requiredKeys: (Object.keys(model) as (keyof T)[]).filter((name) => !optional.includes(String(name))),
    noNullPrototype: true,
  });

const slot = shape(
  {
    id: any,
    operation: any,
    operationVersion: ms,
    targets: texts,
    phase: any,
    epoch,
    holder: any,
    startedAtMs: ms,
    phaseAtMs: ms,
    reasons: texts,
    requestedBy: any,
    parameters: values,
    progress: values,
    steps,
  },
  ['requestedBy'],
);
const history = shape(
  {
    revision: epoch,
    id: any,
    operation: any,
    outcome: fc.constantFrom('succeeded', 'stopped', 'failed', 'refused'),
    epoch,
    holder: any,
    targets: texts,
    startedAtMs: ms,
    endedAtMs: ms,
    seconds: figure,
    reasons: texts,
    summary: any,
    code: any,
    requestedBy: any,
    steps,
    figures: fc.dictionary(any, figure, { maxKeys: 4 }).map((object) => ({ ...object })),
  },
  ['code', 'requestedBy'],
);
const agent = shape(
  {
    memberId: any,
    member: any,
    instance: any,
    url: any,
    version: any,
    operations: fc.dictionary(any, ms, { maxKeys: 4 }).map((object) => ({ ...object })),
    role: fc.constantFrom('default', 'arbiter'),
    startedAtMs: ms,
  },
  ['url'],
);

interface Kind {
  readonly name: string;
  readonly records: fc.Arbitrary<unknown>;
  readonly encode: (record: never) => Buffer;
  readonly parse: (value: Buffer) => Parsed<unknown>;
}
const kinds: readonly Kind[] = [
  { name: 'agent', records: agent, encode: encodeAgent, parse: parseAgent },
  {
    name: 'leader',
    records: shape({ memberId: any, member: any, instance: any, epoch, sinceMs: ms }),
    encode: encodeLeader,
    parse: parseLeader,
  },
  { name: 'slot', records: slot, encode: encodeSlot, parse: parseSlot },
  { name: 'history', records: history, encode: encodeHistory, parse: parseHistory },
  {
    name: 'pause',
    records: shape({ reason: any, by: any, atMs: ms, untilMs: ms }),
    encode: encodePause,
    parse: parsePause,
  },
  {
    name: 'request',
    records: shape({ id: any, operation: any, target: any, by: any, atMs: ms }, ['target']),
    encode: encodeRequest,
    parse: parseRequest,
  },
  {
    name: 'report',
    records: shape(
      {
        operationId: any,
        step: ms,
        memberId: any,
        outcome: fc.constantFrom('succeeded', 'stopped', 'failed'),
        code: any,
        summary: any,
        figures: fc.dictionary(any, figure, { maxKeys: 4 }).map((object) => ({ ...object })),
      },
      ['code'],
    ),
    encode: encodeReport,
    parse: parseReport,
  },
  { name: 'armed', records: shape({ atMs: ms, epoch, members: texts }), encode: encodeArmed, parse: parseArmed },
  { name: 'spare', records: shape({ members: texts }), encode: encodeSpare, parse: parseSpare },
  { name: 'epoch', records: epoch, encode: encodeEpoch, parse: parseEpoch },
];

describe.each(kinds)('the record $name', ({ name, records, encode, parse }) => {
  test('comes back as it was written', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(parse(encode(record as never))).toEqual({ kind: 'record', record });
      }),
    );
  });

  test('any bytes are read as something, or as garbage, and never throw', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    const json = fc.json().map((value) => Buffer.from(value));
    const nearly = fc.tuple(records, fc.nat(400), fc.nat(255)).map(([record, at, byte]) => {
      const value = encode(record as never);
      value[at % value.length] = byte;
      return value;
    });
    fc.assert(
      fc.property(fc.oneof(bytes, json, nearly), (value) => {
        expect(['record', 'garbage', 'newer']).toContain(parse(value).kind);
      }),
    );
    expect(parse(Buffer.from('['.repeat(200_000))).kind).toBe('garbage');
  });

  test('another field with a value of another type is garbage, and the message says which', () => {
    if (name === 'epoch') return;
    fc.assert(
      fc.property(records, (record) => {
        const written = JSON.parse(encode(record as never).toString());
        for (const field of Object.keys(written).filter((each) => each !== 'token' && each !== 'format')) {
          const parsed = parse(Buffer.from(JSON.stringify({ ...written, [field]: null })));
          expect(parsed).toMatchObject({ kind: 'garbage', message: expect.stringContaining(field) });
        }
      }),
      { numRuns: 20 },
    );
  });

  test('what a newer version wrote is told from garbage, whatever else is in it', () => {
    if (name === 'epoch') return;
    expect(parse(Buffer.from('{"format":2}'))).toMatchObject({ kind: 'newer' });
    expect(parse(Buffer.from('{"format":0}'))).toMatchObject({ kind: 'garbage' });
  });

  test('fields that a later version adds without a new format do not matter', () => {
    if (name === 'epoch') return;
    fc.assert(
      fc.property(records, (record) => {
        const written = JSON.parse(encode(record as never).toString());
        expect(parse(Buffer.from(JSON.stringify({ ...written, later: 1 })))).toEqual({ kind: 'record', record });
      }),
      { numRuns: 20 },
    );
  });
});

describe('the size of records', () => {
  const large: Slot = {
    id: 'op',
    operation: 'compaction',
    operationVersion: 1,
    targets: [],
    phase: 'compact',
    epoch: 1n,
    holder: 'a',
    startedAtMs: 0,
    phaseAtMs: 0,
    reasons: [],
    parameters: {},
    progress: { revision: '77' },
    steps: Array.from({ length: 5000 }, (_, index) => ({ name: 'compact', atMs: index, detail: 'x'.repeat(50) })),
  };

  test('of thousands of steps the newest stay, and the slot says that others are left out', () => {
    const value = encodeSlot(large);
    expect(value.length).toBeLessThan(100_000);
    const parsed = parseSlot(value);
    const slot = parsed.kind === 'record' ? parsed.record : undefined;
    expect(slot?.steps.at(-1)).toEqual(large.steps.at(-1));
    expect(slot?.steps[0]).toMatchObject({ name: 'left-out', detail: 'Earlier steps are left out.' });
    expect(slot?.progress).toEqual(large.progress);
  });

  test('a record that is too large without its steps is not written', () => {
    expect(() => encodeSlot({ ...large, progress: { much: 'x'.repeat(100_000) } })).toThrow(
      expect.objectContaining({ code: 'JOURNAL_TOO_LARGE' }),
    );
  });
});

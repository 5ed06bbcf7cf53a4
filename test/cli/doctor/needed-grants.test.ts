import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyPermission } from '../../../src/cli/doctor/facts.ts';
import { isGranted, type NeededGrant, neededGrants } from '../../../src/cli/doctor/needed-grants.ts';

function permission(access: KeyPermission['access'], key: string, rangeEnd: string): KeyPermission {
  return { role: 'r', access, key: Buffer.from(key, 'latin1'), rangeEnd: Buffer.from(rangeEnd, 'latin1') };
}

function need(operation: string): NeededGrant {
  const found = neededGrants('/etcd-caretaker/').find((each) => each.operation === operation);
  if (found === undefined) throw new Error(`no operation ${operation}`);
  return found;
}

describe('whether an operation is granted', () => {
  it('root may do everything, nobody may do nothing', () => {
    for (const each of neededGrants('/p/')) {
      expect(isGranted(each, ['root'], [])).toBe(true);
      expect(isGranted(each, ['other'], [])).toBe(false);
    }
  });

  it.each([
    ['all keys, as etcdctl grants the empty prefix', permission('read', '\0', '\0'), true],
    ['all keys for writing only', permission('write', '\0', '\0'), false],
    ['only those up to a key', permission('read', '\0', 'z'), false],
    ['only those from a key on', permission('read', 'a', '\0'), false],
    ['one single key', permission('read', '\0', ''), false],
  ])('the keyspace is counted with %s: %#', (_name, granted, expected) => {
    expect(isGranted(need('keyspace'), ['r'], [granted])).toBe(expected);
  });

  it('its own keys take reading and writing, which two roles may give together', () => {
    const [read, write] = [permission('read', '\0', '\0'), permission('write', '/etcd-caretaker/', '/etcd-caretaker0')];
    expect(isGranted(need('lead'), ['a', 'b'], [read, write])).toBe(true);
    expect(isGranted(need('lead'), ['a'], [read])).toBe(false);
    expect(isGranted(need('lead'), ['b'], [write])).toBe(false);
    expect(isGranted(need('lead'), ['a'], [permission('readwrite', '/etcd-caretaker/x/', '\0')])).toBe(false);
  });

  it('pieces that touch each other cover what one would, in any order, and a gap shows', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 254 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(cuts, fc.nat(), (points, pick) => {
        const edges = ['\0', ...points.toSorted((a, b) => a - b).map((point) => String.fromCharCode(point)), '\0'];
        const pieces = edges.slice(1).map((end, index) => permission('read', edges[index] ?? '', end));
        const [first, ...rest] = pieces;
        expect(isGranted(need('keyspace'), ['r'], [...rest, ...(first === undefined ? [] : [first])])).toBe(true);
        const withGap = pieces.toSpliced(pick % pieces.length, 1);
        expect(isGranted(need('keyspace'), ['r'], withGap)).toBe(false);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, refuseDangerous, subtreeOf } from '../../../../src/backup/restore/prefix/subtree.ts';

const path = (text: string) => subtreeOf(Buffer.from(text), { literal: false });
const literal = (text: string | Buffer) => subtreeOf(Buffer.from(text), { literal: true });
const has = (subtree: ReturnType<typeof path>, key: string | Buffer) => contains(subtree, Buffer.from(key));

describe('a prefix', () => {
  test('with a slash at its end is what is below it', () => {
    expect(has(path('/a/prod/'), '/a/prod/x')).toBe(true);
    for (const key of ['/a/prod', '/a/production/x', '/a/prod0']) expect(has(path('/a/prod/'), key)).toBe(false);
  });

  test('without one is the key and what is below it, and none of its siblings', () => {
    for (const key of ['/a/prod', '/a/prod/', '/a/prod/x']) expect(has(path('/a/prod'), key)).toBe(true);
    for (const key of ['/a/production', '/a/prod-2/x', '/a/prod\0', '/a/pro']) {
      expect(has(path('/a/prod'), key)).toBe(false);
    }
  });

  test('taken literally is what begins with its bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3 }), fc.uint8Array({ maxLength: 4 }), (prefix, key) => {
        const begins = Buffer.from(key).subarray(0, prefix.length).equals(Buffer.from(prefix));
        expect(has(literal(Buffer.from(prefix)), Buffer.from(key))).toBe(begins);
      }),
    );
    expect(has(literal(Buffer.from([0xff, 0xff])), Buffer.from([0xff, 0xff, 1]))).toBe(true);
  });
});

describe('is refused', () => {
  const refused = (subtree: ReturnType<typeof path>) => () => refuseDangerous(subtree, '/etcd-caretaker/');

  test.each(['', '/', '/etcd-caretaker/', '/etcd-caretaker', '/etcd-caretaker/agents/1f'])('%j', (prefix) => {
    expect(refused(path(prefix))).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(refused(literal(prefix))).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('what only literally reaches the keys of the agents', () => {
    expect(refused(literal('/e'))).toThrow('keys of the agents');
    expect(refused(path('/e'))).not.toThrow();
    expect(refused(path('/etcd-caretaker-of-somebody/'))).not.toThrow();
  });
});

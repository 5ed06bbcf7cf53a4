import { expect, test } from 'vitest';
import { unknownSlot } from '../../src/decide/unknown-slot.ts';
import { aSlot } from '../journal/journal-on-etcd.ts';

const ownOperations = { compaction: 1, defrag: 2, 'hash-check': 1, 'move-leader': 1, nospace: 1 };

test.each([
  ['none', undefined, undefined],
  ['one of this version', aSlot({ operation: 'defrag', operationVersion: 2 }), undefined],
  ['one of an older version', aSlot({ operation: 'defrag', operationVersion: 1 }), undefined],
  ['one of a newer version', aSlot({ operation: 'defrag', operationVersion: 3 }), 'KEY_UNREADABLE'],
  ['an operation that only a newer version knows', aSlot({ operation: 'of-the-future' }), 'KEY_UNREADABLE'],
])('a slot with %s', (_, slot, code) => {
  expect(unknownSlot({ ...(slot === undefined ? {} : { slot }), ownOperations })?.code).toBe(code);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sightOf } from '../../src/cluster/agent-sight.ts';
import { sightTold } from '../../src/cluster/told-sight.ts';
import { toJson } from '../../src/expose/http/json.ts';
import { fullObservation } from '../expose/support/full-observation.ts';

const section = (name: string, value: unknown) => ({ member: 'm1', sections: { [name]: { value } } });

describe('what another agent tells of its member', () => {
  it('is what it sees itself', () => {
    const told = sightTold(JSON.parse(toJson(fullObservation)), 3);
    // Where old data lie matters only on that machine.
    const { own = expect.fail('there is nothing of the own member') } = fullObservation;
    expect(told).toEqual({
      member: fullObservation.member,
      sight: sightOf(fullObservation.sections, 3, { ...own, quarantine: [] }),
    });
    expect(Object.keys(told?.sight ?? {}).length).toBeGreaterThan(5);
  });

  it.each<[string, unknown, object]>([
    [
      'a quota that is disabled',
      section('quota', { quotaSource: 'disabled' }),
      { quotaBytes: Number.POSITIVE_INFINITY },
    ],
    ['a quota', section('quota', { quotaSource: 'flag', quotaBytes: 5 }), { quotaBytes: 5 }],
    ['a quota from a source of the future', section('quota', { quotaSource: 'oracle', quotaBytes: 5 }), {}],
    [
      'a compact revision',
      section('wal', { compactRevision: '9007199254740993' }),
      { compactRevision: 9007199254740993n },
    ],
    [
      'a compact revision that is no int64',
      section('wal', { compactRevision: 'a lot', defragInflight: true }),
      { defragInflight: true },
    ],
    ['a number where there should be text', section('wal', { walFsyncP99Seconds: '0.1' }), {}],
    [
      'only the WAL, which says nothing of the data',
      section('filesystem', { filesystems: [{ role: 'wal', availableBytes: 7 }] }),
      {},
    ],
    [
      'the disk of the data',
      section('filesystem', {
        filesystems: [
          { role: 'wal', availableBytes: 7 },
          { role: 'data', availableBytes: 9 },
        ],
      }),
      { dataAvailableBytes: 9 },
    ],
    ['a disk of unknown space', section('filesystem', { filesystems: [{ role: 'data', availableBytes: -1 }] }), {}],
    [
      'settings, without what is no text',
      section('process', { settings: { name: 'm1', odd: 3 } }),
      { settings: { name: 'm1' } },
    ],
    [
      'prefixes that are still being counted',
      section('keyspace', { phase: 'scanning', prefixes: [{ prefix: '/a', bytes: 1 }] }),
      {},
    ],
    [
      'prefixes',
      section('keyspace', { phase: 'current', prefixes: [{ prefix: '/a', bytes: 1 }] }),
      { largestPrefixes: [{ prefix: '/a', bytes: 1 }] },
    ],
    ['a section that failed', { member: 'm1', sections: { wal: { fault: { code: 'X', message: 'x' } } } }, {}],
    ['no section at all', { member: 'm1', sections: {} }, {}],
  ])('may be %s', (_name, reply, sight) => {
    expect(sightTold(reply, 3)).toEqual({ member: 'm1', sight });
  });

  it.each([
    undefined,
    null,
    3,
    'text',
    [],
    {},
    { member: 'm1' },
    { member: 1, sections: {} },
    { member: 'm1', sections: 3 },
  ])('is nothing where the reply is no observation: %j', (reply) => {
    expect(sightTold(reply, 3)).toBeUndefined();
  });

  it('never throws, whatever stands in the reply', () => {
    const names = fc.constantFrom('wal', 'quota', 'process', 'filesystem', 'peers', 'keyspace');
    fc.assert(
      fc.property(fc.dictionary(names, fc.record({ value: fc.jsonValue() })), (sections) => {
        sightTold({ member: 'm1', sections }, 3);
      }),
    );
  });
});

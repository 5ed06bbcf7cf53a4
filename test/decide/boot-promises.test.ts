import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { BootAction, ProcessEnd } from '../../src/cluster/own-member.ts';
import type { BootEvidence, PeerAnswer } from '../../src/decide/boot/evidence.ts';
import { bootDecision } from '../../src/decide/boot.ts';
import {
  base,
  corrupt,
  corruptOfNobody,
  empty,
  ended,
  intact,
  never,
  OURS,
  ofAnother,
  ofSomebody,
  peersWith,
  unreadable,
} from './boot-evidence.ts';

const anyMember = fc.record({
  id: fc.constantFrom('a1', 'a2', 'a4', 'a7'),
  name: fc.constantFrom('', 'm1', 'm2', 'm4'),
  peerUrls: fc.subarray([OURS, 'http://10.0.0.2:2380', 'http://10.0.0.8:2380'], { minLength: 1 }),
  clientUrls: fc.constantFrom([], ['http://10.0.0.1:2379']),
  isLearner: fc.boolean(),
});
const anyEvidence: fc.Arbitrary<BootEvidence> = fc
  .record({
    dataDir: fc.constantFrom(empty, intact, ofAnother, ofSomebody, corrupt, corruptOfNobody, unreadable),
    identity: fc.option(fc.record({ clusterId: fc.constantFrom('c1', 'c9'), memberId: fc.constantFrom('a1', 'a9') }), {
      nil: undefined,
    }),
    left: fc.boolean(),
    list: fc.oneof(
      fc.constantFrom('unreachable' as const, 'not-asked' as const),
      fc.record({
        clusterId: fc.constantFrom('c1', 'c9'),
        members: fc.array(anyMember, { maxLength: 4 }),
        linearizable: fc.boolean(),
      }),
    ),
    removedBy: fc.constantFrom('journal' as const, 'person' as const, undefined),
    peers: fc.array(
      fc.constantFrom<PeerAnswer>(
        never,
        never,
        never,
        'bootstrapping',
        'has-data',
        'bootstrapped-before',
        'unreachable',
      ),
      { maxLength: 3 },
    ),
    store: fc.constantFrom(
      'no-chain' as const,
      'has-chain' as const,
      'unreachable' as const,
      'none-configured' as const,
    ),
    process: fc.constantFrom<BootEvidence['process']>(
      { state: 'stopped' },
      { state: 'running', adopted: false },
      { state: 'unknown', reason: 'no right' },
    ),
    lastEnd: fc.option(fc.constantFrom<ProcessEnd['cause']>('killed', 'removed', 'wal-corrupt', 'wrong-cluster'), {
      nil: undefined,
    }),
  })
  .map(({ identity: remembered, removedBy, lastEnd, peers, ...rest }) => ({
    ...base,
    ...rest,
    peers: peersWith(...peers),
    ...(remembered === undefined ? {} : { identity: remembered }),
    ...(removedBy === undefined ? {} : { removedBy }),
    ...(lastEnd === undefined ? {} : { lastEnd: ended(lastEnd) }),
  }));

describe('whatever is known', () => {
  const always = (holds: (evidence: BootEvidence, action: BootAction) => boolean) =>
    fc.assert(
      fc.property(anyEvidence, (evidence) => holds(evidence, bootDecision(evidence).action)),
      { numRuns: 20_000 },
    );

  it('a cluster is begun only where everything says that there is none', () => {
    always(
      ({ dataDir, identity: remembered, left, list, peers, store, process }, action) =>
        action !== 'bootstrap' ||
        (dataDir.state === 'empty' &&
          remembered === undefined &&
          !left &&
          process.state === 'stopped' &&
          (typeof list === 'string'
            ? list === 'unreachable' &&
              peers.length > 0 &&
              peers.every(({ answer }) => answer === never || answer === 'bootstrapping') &&
              (store === 'no-chain' || store === 'none-configured')
            : list.linearizable &&
              list.members.some(({ peerUrls, clientUrls }) => peerUrls.includes(OURS) && clientUrls.length === 0))),
    );
  });

  it('data of another cluster, or damaged ones, are never started', () => {
    always(
      ({ dataDir, identity: remembered, list, process }, action) =>
        action !== 'start' ||
        process.state === 'running' ||
        (dataDir.state === 'intact' &&
          (typeof list === 'string'
            ? remembered === undefined || remembered.clusterId === dataDir.clusterId
            : list.clusterId === dataDir.clusterId)),
    );
  });

  it('data are given up for a new member only where a quorum of their own cluster does not list their member', () => {
    always(
      ({ dataDir, list, process }, action) =>
        action !== 'join' ||
        dataDir.state === 'empty' ||
        (process.state !== 'running' &&
          typeof list !== 'string' &&
          list.linearizable &&
          'memberId' in dataDir &&
          dataDir.clusterId === list.clusterId &&
          list.members.every(({ id }) => id !== dataDir.memberId)),
    );
  });

  it('nobody joins or begins while a person had it leave, nor while its process may run', () => {
    always(
      ({ left, process, dataDir }, action) =>
        !['join', 'bootstrap'].includes(action) ||
        (!left && process.state !== 'running' && (dataDir.state !== 'empty' || process.state === 'stopped')),
    );
  });
});

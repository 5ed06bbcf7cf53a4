import { describe, expect, it } from 'vitest';
import type { BootAction } from '../../src/cluster/own-member.ts';
import { type BootCode, bootCodes } from '../../src/decide/boot/codes.ts';
import type { BootEvidence } from '../../src/decide/boot/evidence.ts';
import { bootDecision } from '../../src/decide/boot.ts';
import {
  added,
  base,
  corrupt,
  corruptOfNobody,
  ended,
  identity,
  intact,
  listOf,
  member,
  never,
  nobody,
  OURS,
  ofAnother,
  ofSomebody,
  peersWith,
  stale,
  unreadable,
  us,
} from './boot-evidence.ts';

type Row = readonly [why: string, evidence: Partial<BootEvidence>, action: BootAction, ...codes: BootCode[]];

const rows: readonly Row[] = [
  // Data are there.
  ['it is listed: it is started', { dataDir: intact, list: us }, 'start', 'LISTED'],
  [
    'it is listed as a learner',
    { dataDir: intact, list: listOf({ ...member('a1', 'm1', OURS), isLearner: true }) },
    'start',
    'LISTED',
  ],
  [
    'it was started and has not said its name yet',
    { dataDir: intact, list: listOf(member('a1', '', OURS)) },
    'start',
    'LISTED',
  ],
  ['an old list has it too', { dataDir: intact, list: stale(us) }, 'start', 'LISTED'],
  ['nobody answers: the quorum may need it', { dataDir: intact }, 'start', 'NOBODY_ANSWERS'],
  ['nobody was asked', { dataDir: intact, list: 'not-asked' }, 'start', 'NOBODY_ANSWERS'],
  ['nobody answers, and it is the one that is remembered', { dataDir: intact, identity }, 'start', 'NOBODY_ANSWERS'],
  [
    'it was a member before, and nobody was asked',
    { identity, peers: [], store: 'not-asked' },
    'wait',
    'MEMBER_BEFORE',
  ],
  ['no peers are configured', { dataDir: intact, peers: [] }, 'start', 'NOBODY_ANSWERS'],
  [
    'its peer URL was changed',
    { dataDir: intact, list: listOf(member('a1', 'm1', 'http://10.0.0.8:2380')) },
    'start',
    'LISTED',
    'ADDRESS_CHANGED',
  ],
  ['it was given another name', { dataDir: intact, list: listOf(member('a1', 'old', OURS)) }, 'start', 'LISTED'],
  ['etcd was killed', { dataDir: intact, list: us, lastEnd: ended('killed') }, 'start', 'LISTED', 'LAST_END'],
  ['the disk was full', { dataDir: intact, lastEnd: ended('disk-full') }, 'start', 'NOBODY_ANSWERS', 'LAST_END'],
  [
    'a flag was bad: nothing is wiped for that',
    { dataDir: intact, list: us, lastEnd: ended('bad-flag') },
    'start',
    'LISTED',
    'LAST_END',
  ],
  [
    'its certificate had expired',
    { dataDir: intact, list: us, lastEnd: ended('certificate') },
    'start',
    'LISTED',
    'LAST_END',
  ],
  ['this agent had stopped it', { dataDir: intact, list: us, lastEnd: ended('asked') }, 'start', 'LISTED'],
  ['it runs already', { dataDir: intact, list: us, process: { state: 'running', adopted: true } }, 'start', 'RUNNING'],
  [
    'nobody knows whether it runs, and starting twice does nothing',
    { dataDir: intact, list: us, process: { state: 'unknown', reason: 'no right' } },
    'start',
    'LISTED',
  ],
  ['an old list does not have it', { dataDir: intact, list: stale(nobody) }, 'start', 'LIST_MAY_BE_OLD'],
  [
    'an old list does not have it, although the agents removed somebody',
    { dataDir: intact, list: stale(nobody), removedBy: 'journal' },
    'start',
    'LIST_MAY_BE_OLD',
  ],
  [
    'an old list does not have it, and etcd said so too',
    { dataDir: intact, list: stale(nobody), lastEnd: ended('removed') },
    'wait',
    'ETCD_SAYS_REMOVED',
    'LIST_MAY_BE_OLD',
  ],
  [
    'etcd said that it was removed, and nobody can be asked',
    { dataDir: intact, lastEnd: ended('removed') },
    'wait',
    'ETCD_SAYS_REMOVED',
  ],
  [
    'etcd said that it was removed, and a quorum says that it was not',
    { dataDir: intact, list: us, lastEnd: ended('removed') },
    'start',
    'LISTED',
    'LAST_END',
  ],

  // The member was removed.
  [
    'the agents removed it: it joins anew',
    { dataDir: intact, list: nobody, removedBy: 'journal' },
    'join',
    'REMOVED_BY_JOURNAL',
  ],
  ['a person removed it', { dataDir: intact, list: nobody, removedBy: 'person' }, 'stay-out', 'REMOVED_BY_PERSON'],
  ['somebody removed it', { dataDir: intact, list: nobody }, 'stay-out', 'REMOVED_BY_UNKNOWN'],
  [
    'it was removed and added again',
    { dataDir: intact, list: added, removedBy: 'person' },
    'join',
    'ADDED_NOT_STARTED',
  ],
  ['a person had it leave', { dataDir: intact, list: us, left: true }, 'stay-out', 'LEFT'],
  [
    'a person had it leave, and it still runs',
    { dataDir: intact, left: true, process: { state: 'running', adopted: false } },
    'stay-out',
    'LEFT',
  ],
  [
    'the agents removed it, and its data are gone',
    { list: nobody, identity, removedBy: 'journal' },
    'join',
    'REMOVED_BY_JOURNAL',
  ],
  [
    'a person removed it, and its data are gone',
    { list: nobody, identity, removedBy: 'person' },
    'stay-out',
    'REMOVED_BY_PERSON',
  ],
  ['somebody removed it, and its data are gone', { list: nobody, identity }, 'stay-out', 'REMOVED_BY_UNKNOWN'],

  // The data are somebody else's.
  ['they are of another cluster', { dataDir: ofAnother, list: us }, 'refuse', 'OTHER_CLUSTER'],
  ['they are of another cluster than the remembered one', { dataDir: ofAnother, identity }, 'refuse', 'OTHER_CLUSTER'],
  ['they are of another member than the remembered one', { dataDir: ofSomebody, identity }, 'refuse', 'OTHER_MEMBER'],
  ['they are of another member than the listed one', { dataDir: ofSomebody, list: us }, 'refuse', 'OTHER_MEMBER'],
  ['they are those of the neighbour', { dataDir: { ...intact, memberId: 'a2' }, list: us }, 'refuse', 'OTHER_MEMBER'],
  [
    'damaged ones are of another cluster',
    { dataDir: { ...corrupt, clusterId: 'c9' }, list: us },
    'refuse',
    'OTHER_CLUSTER',
    'DATA_CORRUPT',
  ],

  // The data are damaged, or cannot be read.
  ['it is listed and waits to be replaced', { dataDir: corrupt, list: us }, 'wait', 'DATA_CORRUPT'],
  ['nobody knows whose they are', { dataDir: corruptOfNobody, list: us }, 'wait', 'DATA_CORRUPT'],
  ['nobody answers', { dataDir: corrupt }, 'wait', 'DATA_CORRUPT', 'NOBODY_ANSWERS'],
  [
    'the agents have removed it meanwhile',
    { dataDir: corrupt, list: nobody, removedBy: 'journal' },
    'join',
    'REMOVED_BY_JOURNAL',
    'DATA_CORRUPT',
  ],
  [
    'a person has removed it meanwhile',
    { dataDir: corrupt, list: nobody, removedBy: 'person' },
    'stay-out',
    'REMOVED_BY_PERSON',
    'DATA_CORRUPT',
  ],
  ['its successor was added', { dataDir: corrupt, list: added }, 'join', 'ADDED_NOT_STARTED', 'DATA_CORRUPT'],
  [
    'an old list does not have it',
    { dataDir: corrupt, list: stale(nobody), removedBy: 'journal' },
    'wait',
    'DATA_CORRUPT',
  ],
  [
    'only etcd has found it: one line of its log proves nothing',
    { dataDir: intact, list: us, lastEnd: ended('wal-corrupt'), damagedEnds: 2 },
    'start',
    'LISTED',
    'LAST_END',
  ],
  [
    'only etcd has found it, three times in a row: it is not started in a loop',
    { dataDir: intact, list: us, lastEnd: ended('wal-corrupt'), damagedEnds: 3 },
    'wait',
    'ETCD_FOUND_DAMAGE',
  ],
  [
    'only etcd has found it, and nobody answers: nobody else would look at it again',
    { dataDir: intact, lastEnd: ended('wal-corrupt') },
    'start',
    'NOBODY_ANSWERS',
    'LAST_END',
  ],
  [
    'only etcd has found it, and there is no quorum',
    { dataDir: intact, list: stale(us), lastEnd: ended('database-corrupt'), damagedEnds: 3 },
    'start',
    'LISTED',
    'LAST_END',
  ],
  [
    'its hashes differ, and there is nobody that they could be compared with once more',
    { dataDir: intact, lastEnd: ended('data-differs') },
    'wait',
    'ETCD_FOUND_DAMAGE',
    'NOBODY_ANSWERS',
  ],
  [
    'its hashes differ, and there is no quorum',
    { dataDir: intact, list: stale(us), lastEnd: ended('data-differs'), damagedEnds: 1 },
    'wait',
    'ETCD_FOUND_DAMAGE',
  ],
  [
    'its hashes differ, and are to be compared three times',
    { dataDir: intact, list: us, lastEnd: ended('data-differs'), damagedEnds: 2 },
    'start',
    'LISTED',
    'LAST_END',
  ],
  [
    'its hashes have differed three times',
    { dataDir: intact, list: us, lastEnd: ended('data-differs'), damagedEnds: 3 },
    'wait',
    'ETCD_FOUND_DAMAGE',
  ],
  [
    'its log has lost its end: it might vote without what it has acknowledged',
    { dataDir: intact, lastEnd: ended('log-behind') },
    'wait',
    'ETCD_FOUND_DAMAGE',
    'NOBODY_ANSWERS',
  ],
  ['the disk does not answer', { dataDir: unreadable, list: us }, 'wait', 'DATA_UNREADABLE'],
  [
    'the disk does not answer, and the agents removed it',
    { dataDir: unreadable, list: nobody, removedBy: 'journal' },
    'wait',
    'DATA_UNREADABLE',
  ],

  // There are no data, and there is a cluster.
  ['it is new', { list: nobody }, 'join', 'NEW_MEMBER'],
  ['it was added and never started', { list: added }, 'join', 'ADDED_NOT_STARTED'],
  ['its data are gone', { list: us, identity }, 'join', 'DATA_GONE'],
  ['its data are gone, and its memory too', { list: us }, 'join', 'DATA_GONE'],
  [
    'its data are gone, and its address is another one',
    { list: listOf(member('a1', 'm1', 'http://10.0.0.8:2380')), identity },
    'join',
    'DATA_GONE',
  ],
  ['its peer URL is that of another name', { list: listOf(member('a4', 'm4', OURS)) }, 'refuse', 'OTHER_MEMBER'],
  [
    'its name is that of another place',
    { list: listOf(member('a4', 'm1', 'http://10.0.0.8:2380')) },
    'refuse',
    'OTHER_MEMBER',
  ],
  [
    'it was a member of another cluster',
    { list: nobody, identity: { clusterId: 'c9', memberId: 'a9' } },
    'join',
    'NEW_MEMBER',
    'OTHER_CLUSTER_REMEMBERED',
  ],
  ['the cluster has no quorum', { list: stale(us) }, 'wait', 'LIST_MAY_BE_OLD'],
  [
    'nobody knows whether etcd runs',
    { list: us, process: { state: 'unknown', reason: 'no right' } },
    'wait',
    'PROCESS_UNKNOWN',
  ],

  // There are no data, and nobody answers.
  ['everybody is new: the cluster begins', {}, 'bootstrap', 'EMPTY_EVERYWHERE'],
  ['everybody is new, and there is no store', { store: 'none-configured' }, 'bootstrap', 'EMPTY_EVERYWHERE'],
  ['a cluster of one begins', { peers: peersWith(never) }, 'bootstrap', 'EMPTY_EVERYWHERE'],
  ['etcd ended at its first start', { lastEnd: ended('bad-flag') }, 'bootstrap', 'EMPTY_EVERYWHERE'],
  ['the members were not asked', { list: 'not-asked' }, 'wait', 'NOT_ASKED_YET'],
  ['it was a member before', { identity }, 'wait', 'MEMBER_BEFORE'],
  ['no peers are configured', { peers: [] }, 'wait', 'NOT_CONFIGURED'],
  ['the configured peers do not name it', { peers: peersWith(never, never, never).slice(1) }, 'wait', 'NOT_CONFIGURED'],
  [
    'an agent does not answer: it is not known to be empty',
    { peers: peersWith(never, 'unreachable', never) },
    'wait',
    'PEER_UNREACHABLE',
  ],
  [
    'a peer has found the same and begins already',
    { peers: peersWith(never, 'bootstrapping', never) },
    'bootstrap',
    'EMPTY_EVERYWHERE',
  ],
  [
    'the others have begun with it, and it has never started',
    { list: listOf({ ...member('a1', 'm1', OURS), clientUrls: [] }) },
    'bootstrap',
    'BEGUN_WITHOUT',
  ],
  ['a peer has data', { peers: peersWith(never, never, 'has-data') }, 'wait', 'PEER_HAS_DATA'],
  ['a peer was a member before', { peers: peersWith(never, 'bootstrapped-before', never) }, 'wait', 'PEER_HAS_DATA'],
  ['the store has a backup', { store: 'has-chain' }, 'wait', 'STORE_HAS_CHAIN'],
  ['the store does not answer', { store: 'unreachable' }, 'wait', 'STORE_UNREACHABLE'],
  [
    'several things speak against it',
    { identity, store: 'unreachable', peers: peersWith(never, 'unreachable') },
    'wait',
    'MEMBER_BEFORE',
    'PEER_UNREACHABLE',
    'STORE_UNREACHABLE',
  ],
];

describe('what becomes of a member at its start', () => {
  const cases = rows.map(([why, evidence, ...expected]) => ({ why, evidence, expected }));

  it.each(cases)('$why', ({ evidence, expected }) => {
    const view = bootDecision({ ...base, ...evidence });
    expect([view.action, ...view.reasons.map(({ code }) => code)]).toEqual(expected);
    for (const { message } of view.reasons) expect(message).toMatch(/\S/);
  });

  it('has a code for each of its reasons, and gives each of them', () => {
    const given = new Set<string>(rows.flatMap(([, , , ...codes]) => codes));
    expect(Object.keys(bootCodes).filter((code) => !given.has(code))).toEqual([]);
  });
});

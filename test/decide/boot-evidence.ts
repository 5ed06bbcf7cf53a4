import type { DataDirState, ProcessEnd } from '../../src/cluster/own-member.ts';
import type { AskedPeer, BootEvidence, PeerAnswer, SeenList, SeenMember } from '../../src/decide/boot/evidence.ts';

export const OURS = 'http://10.0.0.1:2380';
export const empty: DataDirState = { state: 'empty' };
const log = { raftTerm: 3n, commitIndex: 90n, lastIndex: 91n, lastTerm: 3n };
export const intact = { state: 'intact', clusterId: 'c1', memberId: 'a1', ...log } as const satisfies DataDirState;
export const ofAnother: DataDirState = { ...intact, clusterId: 'c9' };
export const ofSomebody: DataDirState = { ...intact, memberId: 'a9' };
export const corrupt = {
  state: 'corrupt',
  part: 'wal',
  problem: 'It is damaged.',
  clusterId: 'c1',
  memberId: 'a1',
} as const satisfies DataDirState;
export const corruptOfNobody: DataDirState = { state: 'corrupt', part: 'layout', problem: 'There is no WAL.' };
export const unreadable: DataDirState = { state: 'unreadable', problem: 'EIO' };
export const identity = { clusterId: 'c1', memberId: 'a1' };

export const member = (id: string, name: string, peerUrl: string): SeenMember => ({
  id,
  name,
  peerUrls: [peerUrl],
  clientUrls: name === '' ? [] : [peerUrl.replace('2380', '2379')],
  isLearner: false,
});
const others = [member('a2', 'm2', 'http://10.0.0.2:2380'), member('a3', 'm3', 'http://10.0.0.3:2380')];
export const listOf = (...members: readonly SeenMember[]): SeenList => ({
  clusterId: 'c1',
  members: [...members, ...others],
  linearizable: true,
});
export const us = listOf(member('a1', 'm1', OURS));
export const nobody = listOf();
export const added = listOf(member('a7', '', OURS));
export const stale = (list: SeenList): SeenList => ({ ...list, linearizable: false });

export const peersWith = (...answers: readonly PeerAnswer[]): readonly AskedPeer[] =>
  answers.map((answer, index) => ({ name: `m${index + 1}`, peerUrl: `http://10.0.0.${index + 1}:2380`, answer }));
export const never = 'empty-never-bootstrapped';
const allEmpty = peersWith(never, never, never);
export const ended = (cause: ProcessEnd['cause']): ProcessEnd => ({ how: 'exit code 1', cause, atMs: 0 });

export const base: BootEvidence = {
  own: { name: 'm1', peerUrl: OURS },
  dataDir: empty,
  left: false,
  list: 'unreachable',
  peers: allEmpty,
  store: 'no-chain',
  process: { state: 'stopped' },
};

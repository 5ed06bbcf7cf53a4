import { expect, test } from 'vitest';
import { differingPeers } from '../../src/supervise/differing-peers.ts';

const message = 'found different hash values from remote peer';
const line = (url: string, hash: number, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    level: 'warn',
    msg: message,
    'local-member-revision': 121,
    'local-member-compact-revision': 5,
    'local-member-hash': 1,
    'remote-peer-endpoints': [url],
    'remote-peer-compact-revision': 5,
    'remote-peer-hash': hash,
    ...more,
  });
const [a, b, c] = ['http://a:2380', 'http://b:2380', 'http://c:2380'];

test('peers that have the same other data are named', () => {
  expect(differingPeers(`${line(a, 2)}\n${line(b, 2)}\n`)).toEqual([a, b]);
});

test('only the largest group of peers that agree counts', () => {
  expect(differingPeers([line(c, 3), line(a, 2), line(b, 2)].join('\n'))).toEqual([a, b]);
});

test('a peer with several URLs is one peer', () => {
  const several = { 'remote-peer-endpoints': ['http://c:2380', 'http://c:12380', 'http://c:22380'] };
  expect(differingPeers([line(c, 3, several), line(a, 2), line(b, 2)].join('\n'))).toEqual([a, b]);
  expect(differingPeers([line(c, 2, several), line(a, 2)].join('\n'))).toEqual([
    ...several['remote-peer-endpoints'],
    a,
  ]);
});

test('hashes at other revisions are not compared with each other', () => {
  expect(differingPeers([line(a, 2), line(b, 2, { 'local-member-revision': 122 })].join('\n'))).toHaveLength(1);
});

test('a hash at another compact revision proves nothing', () => {
  expect(differingPeers(line(a, 2, { 'remote-peer-compact-revision': 6 }))).toEqual([]);
});

test('a line that is cut, or of another shape, says nothing', () => {
  expect(differingPeers(`${line(a, 2).slice(30)}\n${line(a, 2, { 'remote-peer-endpoints': a })}\n${message}`)).toEqual(
    [],
  );
});

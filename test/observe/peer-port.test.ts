import { expect, test } from 'vitest';
import { peerPortFindings } from '../../src/observe/peer-port.ts';

const member = {
  name: 'm1',
  peerUrls: ['http://10.0.0.1:2380'],
  clientUrls: ['http://10.0.0.1:2379', 'http://127.0.0.1:2379'],
};

test('a member that is asked at its peer port is said to be, with the URLs to use instead', () => {
  expect(peerPortFindings('http://127.0.0.1:2380', member)).toMatchObject([
    {
      code: 'PEER_PORT',
      severity: 'critical',
      message: expect.stringContaining('http://127.0.0.1:2380 is the peer port of m1'),
      remedy: 'Use http://10.0.0.1:2379 or http://127.0.0.1:2379 instead.',
    },
  ]);
});

test.each([
  ['its client port', 'http://127.0.0.1:2379', member],
  ['a port that it does not know of, as that of a proxy', 'http://127.0.0.1:9999', member],
  ['a port that serves both', 'http://127.0.0.1:2380', { ...member, clientUrls: ['http://10.0.0.1:2380'] }],
  ['a socket', 'unix:///run/etcd.sock', member],
  ['no member that is listed', 'http://127.0.0.1:2380', undefined],
])('%s is no finding', (_, endpoint, listed) => {
  expect(peerPortFindings(endpoint, listed)).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { likelyHolder } from '../../src/cli/keyspace-holder.ts';

const heldBy = { memberId: 'a', member: 'm2' };

/** What an agent beside the member at `m1` says of the members. */
const seenFrom = (m1: string, m2: string) => ({
  sections: {
    member: { value: { status: { memberId: 'b' } } },
    cluster: {
      value: {
        members: [
          { id: 'b', clientUrls: [m1] },
          { id: 'a', clientUrls: [m2] },
        ],
      },
    },
  },
});

describe('where the agent is that keeps the totals', () => {
  it.each([
    [
      "beside etcd's usual port",
      'https://10.0.0.1:9379',
      'https://10.0.0.1:2379',
      'https://10.0.0.2:2379',
      'https://10.0.0.2:9379',
    ],
    [
      'with an IPv6 address',
      'http://[fd00::1]:9379',
      'http://[fd00::1]:2379',
      'http://[fd00::2]:2379',
      'http://[fd00::2]:9379',
    ],
    [
      'in a demo',
      'http://127.0.0.1:31002',
      'http://127.0.0.1:31000',
      'http://127.0.0.1:31010',
      'http://127.0.0.1:31012',
    ],
    [
      'asked over a socket',
      'unix:/run/m1.sock',
      'http://127.0.0.1:2379',
      'http://127.0.0.1:2379',
      'http://127.0.0.1:9379',
    ],
  ])('is known: %s', (_where, asked, m1, m2, expected) => {
    expect(likelyHolder(asked, seenFrom(m1, m2), heldBy)).toBe(expected);
  });

  it.each([
    ["on ports of nobody's rule", 'http://127.0.0.1:8000', 'http://127.0.0.1:31000', 'http://127.0.0.1:31010'],
    ['on the loopback of another machine', 'http://10.0.0.1:9379', 'http://127.0.0.1:2379', 'http://127.0.0.1:2379'],
    ['beside a member without a client URL', 'http://127.0.0.1:31002', 'http://127.0.0.1:31000', ''],
  ])('is not known: %s', (_where, asked, m1, m2) => {
    expect(likelyHolder(asked, seenFrom(m1, m2), heldBy)).toBeUndefined();
  });

  it('is not known from an answer that is no observation', () => {
    for (const answer of [undefined, null, 'x', { sections: { cluster: { value: { members: {} } } } }]) {
      expect(likelyHolder('http://127.0.0.1:9379', answer, heldBy)).toBeUndefined();
    }
  });
});

import { describe, expect, it } from 'vitest';
import { clusterToken } from '../../../src/backup/restore/cluster-token.ts';

const point = { timeline: 't1', revision: 9_000n };

describe('the token of a restored cluster', () => {
  it('is the same for each member, in whatever order its command names them', () => {
    const members = ['a=http://a:2380', 'b=http://b:2380'];
    expect(clusterToken(point, members.join(','))).toBe(clusterToken(point, members.toReversed().join(', ')));
  });

  it('is another one for another point, another timeline and other members', () => {
    const tokens = [
      clusterToken(point, 'a=http://a:2380'),
      clusterToken(point, 'b=http://a:2380'),
      clusterToken({ ...point, revision: 9_001n }, 'a=http://a:2380'),
      clusterToken({ ...point, timeline: 't2' }, 'a=http://a:2380'),
    ];
    expect(new Set(tokens).size).toBe(4);
  });
});

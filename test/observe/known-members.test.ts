import { expect, test } from 'vitest';
import { KnownMembers } from '../../src/observe/known-members.ts';
import { listed, roundOf, roundWithoutMember } from './member-sources.ts';

test('the members are known from the start while the own one is down, if another one gives the list', async () => {
  const { sources } = roundOf([listed('1', 'm1'), listed('2', 'm2')], '1');
  const { status } = roundWithoutMember().sources;
  await expect(new KnownMembers().current({ ...sources, status, ownReply: status })).resolves.toMatchObject({
    ownId: '1',
    members: [{ name: 'm1' }, { name: 'm2' }],
  });
});

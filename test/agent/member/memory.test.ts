import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemberMemory, type RememberedMember } from '../../../src/agent/member/memory.ts';

const member: RememberedMember = {
  clusterId: 'c1',
  memberId: 'a1',
  members: [{ id: 'a1', name: 'm1', peerUrls: ['http://10.0.0.1:2380'], clientUrls: [], isLearner: false }],
  agents: [{ memberId: 'a1', member: 'm1', url: 'http://10.0.0.1:9379' }],
};

describe('what an agent remembers of its member', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-memory-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const stateDir = () => join(folder, 'state');

  test('is nothing at first, and there again after a restart', async () => {
    const memory = await MemberMemory.open(stateDir());
    expect(memory.current).toBeUndefined();
    await memory.remember(member);
    expect((await MemberMemory.open(stateDir())).current).toEqual(member);
  });

  test('is written whole, also where much is remembered at once', async () => {
    const memory = await MemberMemory.open(stateDir());
    const terms = Array.from({ length: 20 }, (_, index) => ({ ...member, memberId: `a${index}` }));
    await Promise.all(terms.map((each) => memory.remember(each)));
    expect((await MemberMemory.open(stateDir())).current?.memberId).toBe('a19');
  });

  test('says that a cluster was begun until a quorum has answered', async () => {
    const memory = await MemberMemory.open(stateDir());
    await memory.begin();
    expect((await MemberMemory.open(stateDir())).isBootstrapping).toBe(true);
    await memory.remember(member);
    expect((await MemberMemory.open(stateDir())).isBootstrapping).toBe(false);
  });

  test.each(['', '{', '{"format":2}', '{"format":1,"clusterId":"c1"}', '[]'])(
    'is refused as %j, and nobody goes on as if there were nothing',
    async (text) => {
      await writeFile(join(folder, 'member.json'), text);
      await expect(MemberMemory.open(folder)).rejects.toMatchObject({ code: 'MEMBER_MEMORY_UNREADABLE' });
      expect(await readFile(join(folder, 'member.json'), 'utf8')).toBe(text);
    },
  );

  test('says so where it cannot be written', async () => {
    await writeFile(join(folder, 'state'), 'a file is in the way');
    const memory = await MemberMemory.open(folder);
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    await expect(memory.remember(member)).rejects.toMatchObject({ code: 'MEMBER_MEMORY_UNWRITABLE' });
  });
});

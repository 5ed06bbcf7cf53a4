import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { journalKeys } from '../../src/journal/keys.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { runCli } from './doctor/run-cli.ts';

const keys = journalKeys('/mine/agents-of/');
let cluster: RealCluster;
let client: MemberClient;

beforeAll(async () => {
  cluster = await startCluster({ auth: { rootPassword: 'secret of root' } });
  const { writeFile } = await import('node:fs/promises');
  await writeFile(passwordFile(), 'secret of root\n', { mode: 0o600 });
  const auth = { username: 'root', passwordFile: passwordFile() };
  client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', auth });
}, 60_000);

beforeEach(async () => {
  await client.deleteRange(Buffer.from('/'), Buffer.from('0'));
  for (const key of [keys.epoch, keys.armed, keys.history(5n)]) await client.put(key, Buffer.from('{}'));
});

afterAll(async () => {
  client?.close();
  await cluster?.close();
});

function passwordFile(): string {
  return `${cluster.folder}/password`;
}

function uninstall(...args: readonly string[]) {
  const settings = {
    'member.name': 'm1',
    'member.endpoint': 'http://127.0.0.1:1',
    'member.dataDir': '/data',
    'cluster.endpoints': `http://127.0.0.1:1,${cluster.endpoints[0]}`,
    'cluster.keyPrefix': '/mine/agents-of/',
    'cluster.auth.username': 'root',
    'cluster.auth.passwordFile': passwordFile(),
  };
  return runCli([
    'uninstall',
    ...args,
    ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
  ]);
}

async function left(): Promise<number> {
  return (await client.range({ key: Buffer.from('/'), rangeEnd: Buffer.from('0'), countOnly: true })).count;
}

describe('uninstall', () => {
  it('says what it would remove, and removes it, through whichever member answers', async () => {
    const before = await uninstall('--dry-run');
    expect(before).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('127.0.0.1:1') });
    expect(before.stdout).toBe(
      'KEYS     COUNT\narmed    1\nepoch    1\nhistory  1\n\n3 keys below /mine/agents-of/ would be removed.\n',
    );
    expect(await left()).toBe(3);
    const after = await uninstall('--yes');
    expect(after.exitCode).toBe(0);
    expect(after.stdout).toContain('3 keys below /mine/agents-of/ removed.');
    expect(await left()).toBe(0);
    expect((await uninstall('--yes')).stdout).toBe('There is nothing below /mine/agents-of/.\n');
  });

  it('removes nothing where nobody can be asked and nobody said yes', async () => {
    const { exitCode, stdout, stderr } = await uninstall();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('--yes');
    expect(await left()).toBe(3);
  });

  it('is refused while an agent is registered, unless forced', async () => {
    await client.put(keys.agent('ab'), Buffer.from('{"member":"m1"}'));
    await client.put(keys.leader, Buffer.from('{}'));
    const refused = await uninstall('--yes');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain('1 agent is registered (m1)');
    expect(refused.stderr).toContain('--force');
    const dry = await uninstall('--dry-run', '-o', 'json');
    expect(dry).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('1 agent is registered (m1)') });
    expect(JSON.parse(dry.stdout)).toMatchObject({ total: 5, agents: ['m1'], removed: false });
    expect(await left()).toBe(5);
    const forced = await uninstall('--yes', '--force', '-o', 'yaml');
    expect(forced).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('removed: true') });
    expect(await left()).toBe(0);
  });

  it('ends with 3 where no member answers', async () => {
    const flags = ['member.name=m1', 'member.dataDir=/data', 'member.endpoint=http://127.0.0.1:1'];
    const { exitCode, stderr } = await runCli(['uninstall', '--yes', ...flags.flatMap((flag) => ['--set', flag])]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('ETCD_UNREACHABLE');
  });
});

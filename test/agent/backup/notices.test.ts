import { describe, expect, it } from 'vitest';
import { noticesOf } from '../../../src/agent/backup/notices.ts';
import { loadConfig } from '../../../src/config/load.ts';

const local = [{ kind: 'local' }] as const;
const remote = [...local, { kind: 'remote' }] as const;

async function backupConfig(flags: Readonly<Record<string, string>>) {
  const member = { 'member.name': 'm1', 'member.endpoint': 'http://127.0.0.1:2379', 'member.dataDir': '/d' };
  return (await loadConfig({ env: {}, flags: { ...member, 'backup.store': 'file:///b', ...flags } })).config.backup;
}

describe('backups as they are configured', () => {
  it('say that a remote store has only memory for a spool', async () => {
    const config = await backupConfig({ 'backup.encryption.mode': 'none' });
    expect(noticesOf(config, local)).toEqual([]);
    expect(noticesOf(config, remote)).toEqual([expect.stringContaining('backup.spool.dir')]);
    const withFolder = await backupConfig({ 'backup.encryption.mode': 'none', 'backup.spool.dir': '/s' });
    expect(noticesOf(withFolder, remote)).toEqual([]);
  });

  it('say that nothing encrypted is merged without an identity', async () => {
    const age = { 'backup.encryption.mode': 'age', 'backup.encryption.recipientsFile': '/r' };
    expect(noticesOf(await backupConfig(age), local)).toEqual([
      expect.stringContaining('backup.encryption.identityFile'),
    ]);
    const all = await backupConfig({ ...age, 'backup.encryption.identityFile': '/i' });
    expect(noticesOf(all, local)).toEqual([]);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerSecrets, secretTexts } from '../../src/agent/known-secrets.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/expose/log.ts';

describe('secrets that the agent knows', () => {
  it('are those of every file with one that the configuration names, but private keys', async () => {
    const keys = [
      ...['cluster.auth.passwordFile', 'expose.auth.tokenFile', 'expose.auth.readTokenFile', 'notify.webhookFile'],
      'backup.encryption.identityFile',
      ...['backup.s3.secretAccessKeyFile', 'backup.s3.sessionTokenFile', 'backup.s3.sseCustomerKeyFile'],
    ];
    const { config } = await loadConfig({
      env: {},
      flags: {
        ...{ 'member.name': 'm1', 'member.endpoint': 'http://127.0.0.1:2379', 'member.dataDir': '/var/lib/etcd' },
        ...{ 'cluster.auth.username': 'u', 'backup.s3.sse': 'sse-c', 'backup.s3.accessKeyIdFile': '/secrets/id' },
        ...{ 'backup.encryption.recipientsFile': '/recipients' },
        ...Object.fromEntries(keys.map((key) => [key, `/secrets/${key}`])),
      },
    });
    expect(new Set(secretTexts(config))).toEqual(new Set(keys.map((key) => `/secrets/${key}`)));
  });

  it('never reach a line of the log, also after their file has changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'etcd-caretaker-secrets-'));
    const file = join(folder, 'token');
    const lines: string[] = [];
    const log = createLog({ level: 'info', write: (line) => lines.push(line) });
    for (const secret of ['first-secret-of-the-agent', 'second-secret-of-the-agent']) {
      await writeFile(file, `${secret}\n`);
      await registerSecrets([file, undefined, join(folder, 'missing')], log.addSecret);
      log.error('failed', { error: new Error(`the server said ${secret}`) });
    }
    await rm(folder, { recursive: true });
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toMatch(/first-secret|second-secret/);
  });

  it('are each line of a file of webhooks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'etcd-caretaker-secrets-'));
    const file = join(folder, 'webhooks');
    const lines: string[] = [];
    const log = createLog({ level: 'info', write: (line) => lines.push(line) });
    await writeFile(file, '# the chat\nhttps://a.example/s3cret-1\nhttps://b.example/s3cret-2\n');
    await registerSecrets([file], log.addSecret);
    await rm(folder, { recursive: true });
    log.error('could not tell # the chat', { urls: ['https://a.example/s3cret-1', 'https://b.example/s3cret-2'] });
    expect(lines.join('')).not.toContain('s3cret');
    expect(lines.join('')).toContain('# the chat');
  });
});

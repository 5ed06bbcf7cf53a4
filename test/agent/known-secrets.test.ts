import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerSecrets } from '../../src/agent/known-secrets.ts';
import { createLog } from '../../src/expose/log.ts';

describe('secrets that the agent knows', () => {
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
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../doctor/run-cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-install-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What an installation would be, with data there. */
async function dryRun(kind: string, dataDir: string, ...args: readonly string[]) {
  const config = join(folder, 'agent.yaml');
  await writeFile(
    config,
    `member: {name: m1, dataDir: ${dataDir}, endpoint: 'http://127.0.0.1:2379', peerUrl: 'http://127.0.0.1:2380'}
cluster: {name: prod, peers: ['m1=http://127.0.0.1:2380 http://127.0.0.1:9379']}
supervise: {kind: ${kind}}
`,
  );
  const program = ['--program', process.execPath];
  return await runCli(['install', 'systemd', '--config', config, '--dry-run', ...program, ...args]);
}

test('a user who is not there is a note in a dry run', async () => {
  const { stderr, exitCode } = await dryRun('none', join(folder, 'data'), '--user', 'nosuchuser');
  expect({ stderr, exitCode }).toEqual({
    exitCode: 0,
    stderr: 'note: There is no user nosuchuser on this machine: the unit would not start.\n',
  });
  expect((await dryRun('none', join(folder, 'data'), '--user', 'root')).stderr).toBe('');
});

test('data right below the folder of much else are a note, and right below the root a refusal', async () => {
  const wide = await dryRun('child', '/var/lib/etcd-of-a-test');
  expect(wide.exitCode).toBe(0);
  expect(wide.stderr).toContain('may write in all of /var/lib. Have the data one folder further down');
  expect(wide.stdout).toContain('ReadWritePaths=/var/lib\n');
  const refused = await dryRun('child', '/etcd-of-a-test');
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('/etcd-of-a-test/data') });
  const watching = await dryRun('none', '/etcd-of-a-test');
  expect(watching.stdout).not.toMatch(/ReadWritePaths=-?\/$/m);
});

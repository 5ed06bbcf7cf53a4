import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LivedStore, livedStore } from '../../backup/compare/lived-store.ts';
import { runCli } from '../doctor/run-cli.ts';

describe('backup diff and backup history, from the command line', () => {
  let lived: LivedStore;
  let url: string;
  let identityFile: string;

  beforeAll(async () => {
    lived = await livedStore('3.5', 31);
    const place = join(lived.folder, 'stores', 'prod', 't1');
    await cp(join(lived.folder, 'plain'), place, { recursive: true });
    await cp(join(lived.folder, 'encrypted'), join(lived.folder, 'closed', 'prod', 't1'), { recursive: true });
    url = `file://${join(lived.folder, 'stores')}`;
    identityFile = join(lived.folder, 'identity.txt');
    await writeFile(identityFile, lived.identity);
  });
  afterAll(() => lived[Symbol.asyncDispose]());

  const backup = (...args: readonly string[]) => runCli(['backup', ...args], { env: { ETCD_CARETAKER_STORE: url } });
  const first = () => String(lived.fulls[0]);

  test('what changed, by prefix and by resource, with the keys where they are asked for', async () => {
    const { stdout, stderr, exitCode } = await backup('diff', first(), 'latest', '--show-keys', '--limit', '100');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toContain(`Revision ${first()} to ${lived.lastRevision}, keys: `);
    expect(stdout).toMatch(/^PREFIX +ADDED +REMOVED +CHANGED +REWRITTEN +BEFORE +AFTER +GREW$/m);
    expect(stdout).toMatch(/^RESOURCE +NAMESPACE/m);
    expect(stdout).toMatch(/^\+ \/end {2}3 B$/m);
    // A key that is no text, and no value of it.
    expect(stdout).toMatch(/^[+~] \/\\xff\\x00\\x5c\/\\x01 /m);
    expect(stdout).not.toContain('secret-');
    const few = await backup('diff', first(), 'latest', '--show-keys', '--limit', '2');
    expect(few.stdout).toMatch(/^and \d+ more \(--limit\)$/m);
  });

  test('the same as data, encrypted too', async () => {
    const plain = await backup('diff', first(), 'latest', '-o', 'json', '--depth', '1');
    const report = JSON.parse(plain.stdout);
    expect(report).toMatchObject({ from: first(), to: String(lived.lastRevision), read: 'segments', avoided: [] });
    expect(report.prefixes.map(({ prefix }: { prefix: string }) => prefix)).toContain('/registry');
    expect(report).not.toHaveProperty('keys');
    const closed = `file://${join(lived.folder, 'closed')}`;
    const args = ['diff', first(), 'latest', '-o', 'json', '--depth', '1', '--store', closed];
    expect(JSON.parse((await backup(...args, '--identity-file', identityFile)).stdout)).toEqual(report);
    expect(await backup(...args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--identity-file') });
  });

  test('points that are none, or in the wrong order, are refused', async () => {
    expect(await backup('diff', 'yesterday', 'latest')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await backup('diff', 'latest', first())).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('POINTS_REVERSED'),
    });
    const beyond = String(lived.lastRevision + 1n);
    expect(await backup('diff', first(), beyond)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`The newest revision before it that is known is ${lived.lastRevision}`),
    });
  });

  test('a broken segment is told, with exit code 1', async () => {
    const place = await mkdtemp(join(lived.folder, 'broken-'));
    await cp(join(lived.folder, 'plain'), join(place, 'prod', 't1'), { recursive: true });
    const deltas = join(place, 'prod', 't1', 'delta');
    const name = (await readdir(deltas)).sort().at(-1) ?? '';
    const all = await readFile(join(deltas, name));
    await writeFile(join(deltas, name), all.subarray(0, -5));
    const diff = await backup('diff', first(), 'latest', '--store', `file://${place}`);
    expect(diff).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^BROKEN .*\nLOST {4}revisions/m) });
    const history = await backup('history', '/end', '--store', `file://${place}`);
    expect(history).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`BROKEN  delta/${name}`) });
    expect(history.stdout).toContain(`to ${lived.lastRevision} the store knows nothing`);
  });

  test('the history of a key that is no text, its values only where they are asked for', async () => {
    const key = '/\\xff\\x00\\x5c/\\x01';
    const { stdout, stderr, exitCode } = await backup('history', key);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toMatch(/^REVISION +TIME +WHAT +VERSION +CREATED +SIZE +LEASE$/m);
    expect(stdout).toContain('9 revisions of /\\xff\\x00\\x5c/\\x01 are known.');
    expect(stdout).not.toContain('secret-');
    const open = await backup('history', key, '--show-values', '--limit', '2');
    expect(open.stdout).toContain('7 older ones are not shown (--limit)');
    expect(open.stdout.match(/secret-\d+$/gm)).toEqual(['secret-203', 'secret-232']);
    const json = await backup('history', key, '-o', 'json');
    const report = JSON.parse(json.stdout);
    expect(report).toMatchObject({ key, total: 9, unknown: [] });
    expect(report.revisions[0]).toEqual({
      revision: expect.stringMatching(/^\d+$/),
      type: 'put',
      atLatest: expect.stringMatching(/Z$/),
      createRevision: expect.stringMatching(/^\d+$/),
      version: '1',
      valueBytes: 8,
      lease: '0',
    });
  });

  test('a key of which nothing is known', async () => {
    expect(await backup('history', '/never')).toMatchObject({
      exitCode: 0,
      stdout: 'The store knows nothing of /never.\n',
    });
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timeName } from '../../../src/backup/names.ts';
import { markVerified, readHold } from '../../../src/backup/retention/marks.ts';
import { claimPlace } from '../../../src/backup/store/claim.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { keysOf } from '../../backup/altered-store.ts';
import { DAY_MS, full, segment } from '../../backup/retention/timeline.ts';
import { runCli } from '../doctor/run-cli.ts';

let folder: string;
let config: string;
let store: LocalStore;
const nowMs = Date.now();

/** Chains c0 to c5, a day apart, in the cluster prod; and another cluster beside it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-keeping-'));
  store = new LocalStore(join(folder, 'backups', 'prod', 't1'));
  for (let i = 0; i < 6; i += 1) {
    const timeMs = nowMs - (5 - i) * DAY_MS;
    const objects = [...full(`c${i}`, 100 * (i + 1), timeMs), segment(100 * (i + 1) + 1, 100 * (i + 2), timeMs)];
    for (const { key, bytes } of objects) await store.put(key, Buffer.alloc(bytes));
  }
  await markVerified(store, 'c4', { by: 'restored', atMs: nowMs - 3_600_000 });
  await new LocalStore(join(folder, 'backups', 'test', 't9')).put(
    `full/${timeName(nowMs)}-x.snap.zst`,
    Buffer.alloc(1),
  );
  config = join(folder, 'agent.yaml');
  await writeFile(
    config,
    `member: {name: m1, dataDir: /var/lib/etcd}
cluster: {name: prod}
backup:
  store: [file://${folder}/backups, file://${folder}/elsewhere]
  encryption: {mode: none, identityFile: ${folder}/nowhere}
  retention: {keepAll: 0s, hourly: 0, daily: 3, weekly: 0, monthly: 0}
`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const backup = async (command: string, ...args: readonly string[]) =>
  await runCli(['backup', command, '--config', config, '--store', `file://${folder}/backups`, ...args]);

test('a chain is held by its id or revision, once, until it is released; and the list says so', async () => {
  const held = await backup('hold', '200', '--reason', 'before the upgrade');
  expect(held).toMatchObject({ exitCode: 0, stdout: 'Chain c1 (revision 200) is held.\n' });
  expect(held.stderr).toContain('nowhere');
  const by = expect.stringContaining(`@${hostname()}`);
  expect(await readHold(store, 'c1')).toMatchObject({ reason: 'before the upgrade', by });
  const again = await backup('hold', 'c1', '--reason', 'another');
  expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('before the upgrade (CHAIN_HELD)') });
  const { stdout } = await backup('list');
  const rows = new Map(stdout.split('\n').map((line) => [line.split(' ')[0], line]));
  expect(rows.get('c1')).toContain('before the upgrade');
  expect(rows.get('c4')).toContain('restored, 1 h ago');
});

test('pruning says first what it does then, by the configuration and flags', async () => {
  const before = await keysOf(store);
  const dry = await backup('prune', '--dry-run', '--daily', '4', '-o', 'json');
  const plan = JSON.parse(dry.stdout);
  expect(await keysOf(store)).toEqual(before);
  const removing = plan.objects.filter(({ outcome }: { outcome: string }) => outcome === 'remove');
  expect(new Set(removing.map(({ chain }: { chain: string }) => chain))).toEqual(new Set(['c0']));
  const done = await backup('prune');
  expect(done).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^removed +.*no longer needed +c2 /m) });
  expect(done.stdout).toContain('revisions 301 to 400 are gone');
  const list = await backup('list');
  expect(list.stdout).toContain('Retention has taken revisions 301 to 400 away.');
  expect(list.stdout).not.toContain('No segment holds');
  const released = await backup('release', 'c1');
  expect(released).toMatchObject({ exitCode: 0, stdout: 'Chain c1 is released.\n' });
});

test('what it costs is told', async () => {
  const { stdout, exitCode } = await backup('list', '--cost');
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('A day, estimated') });
});

test('what is not clear is refused', async () => {
  const several = await runCli(['backup', 'list', '--config', config]);
  expect(several).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--store file://') });
  expect(await backup('prune', '--dry-run', '--cold-after', '30d')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--cold-class'),
  });
});

test('where another cluster has the same name, what changes something is refused, and what is read says so', async () => {
  const whole = new LocalStore(join(folder, 'backups'));
  await claimPlace(whole, { clusterName: 'prod', timeline: 't1', clusterId: 'aaaa' }, 'm1');
  await claimPlace(whole, { clusterName: 'prod', timeline: 't2', clusterId: 'bbbb' }, 'm1');
  const [manifest] = full('d0', 7, nowMs);
  await whole.put(`prod/t2/${manifest?.key}`, Buffer.alloc(1));
  const listed = /t2, cluster id bbbb, last revision 7, .+\n.+t1, cluster id aaaa, last revision 700, /;
  for (const args of [['prune'], ['hold', 'c1', '--reason', 'x'], ['release', 'c1']] as const) {
    const [command, ...more] = args;
    const refused = await backup(command, ...more);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/PLACE_AMBIGUOUS/) });
    expect(refused.stderr).toMatch(listed);
  }
  expect((await backup('list')).stderr).toMatch(/taken is timeline t2, cluster id bbbb.+\n.+timeline t1, /);
  const json = await backup('list', '-o', 'json');
  expect(JSON.parse(json.stdout)).toMatchObject({ of: { timeline: 't2' }, otherTimelines: [{ clusterId: 'aaaa' }] });
  const { stderr, exitCode } = await backup('prune', '--dry-run', '--timeline', 't1');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('there are also') });
});

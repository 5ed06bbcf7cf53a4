import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { encryptionFor } from '../../src/backup/encryption.ts';
import { readMarks } from '../../src/backup/retention/marks.ts';
import { LocalStore } from '../../src/backup/store/local.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { ObservedHistory } from '../backup/restore/observed-history.ts';
import { writeFull, writeSegments } from '../backup/restore/written-backup.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { runCli } from './doctor/run-cli.ts';

let folder: string;
let cluster: RealCluster;
let client: MemberClient;
let place: string;
let last: bigint;
let round = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-cli-drill-'));
  cluster = await startCluster();
  client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
});
afterAll(async () => {
  client.close();
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

/** A store of its own for each test, up to date with the cluster. */
beforeEach(async () => {
  round += 1;
  place = join(folder, `store-${round}`, 'prod', 't1');
  const store = new LocalStore(place);
  await using history = await ObservedHistory.begin(client, () => 60);
  await client.put(Buffer.from('/a'), Buffer.from('1'));
  const { manifest } = await writeFull(store, client, join(folder, 'spool'));
  for (let i = 0; i < 20; i += 1) await client.put(Buffer.from(`/k/${i}`), Buffer.from(`${i}`));
  last = (await client.put(Buffer.from('/end'), Buffer.from('1'))).revision;
  await client.put(Buffer.from('/end'), Buffer.from('2'));
  const records = await history.until(last);
  await writeSegments(store, records, [manifest.lastRevision + 1n, last], { every: 7 });
});

const drill = (...args: readonly string[]) =>
  runCli([
    'drill',
    '--once',
    '--store',
    `file://${join(folder, `store-${round}`)}`,
    '--dir',
    join(folder, 'work'),
    ...args,
  ]);
const nothingLeft = async (): Promise<void> => expect(await readdir(join(folder, 'work')).catch(() => [])).toEqual([]);

test('passes where the newest chain is what the cluster has, and marks it as proven', async () => {
  const { stdout, exitCode } = await drill('--endpoint', cluster.endpoints[0] ?? '');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(new RegExp(`^passed: revision ${last} of file:`));
  expect(stdout).toContain('it is what the cluster has: 22 keys');
  expect((await readMarks(new LocalStore(place))).verified.size).toBe(1);
  await nothingLeft();
});

test('is made without a cluster where that is said, and only then', async () => {
  const refused = await drill();
  expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('--endpoint URL')]);
  const { stdout, exitCode } = await drill('--no-compare', '--no-mark', '-o', 'json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'passed',
    compared: false,
    proof: { revision: `${last}`, keys: 22 },
  });
  expect((await readMarks(new LocalStore(place))).verified.size).toBe(0);
});

test('fails with exit code 1 where the cluster has something else', async () => {
  const [segment = ''] = (await readdir(join(place, 'delta'))).toSorted().toReversed();
  await rm(join(place, 'delta', segment));
  const { manifest } = { manifest: await readdir(join(place, 'full')) };
  const json = manifest.find((name) => name.endsWith('.json')) ?? '';
  const file = join(place, 'full', json);
  const changed = { ...JSON.parse(await readFile(file, 'utf8')), object: 'full/20260101T000000Z-nowhere.snap.zst' };
  await writeFile(file, JSON.stringify(changed));
  const { stdout, exitCode } = await drill('--endpoint', cluster.endpoints[0] ?? '');
  expect([exitCode, stdout]).toEqual([1, expect.stringContaining('FAILED')]);
  await nothingLeft();
});

test('with --require-restore does not pass on the hashes of what it cannot decrypt', async () => {
  const recipient = await identityToRecipient(await generateX25519Identity());
  round += 1;
  const store = new LocalStore(join(folder, `store-${round}`, 'prod', 't1'));
  await writeFull(store, client, join(folder, 'spool'), await encryptionFor([recipient]));
  expect(await drill('--no-compare')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^hashes only/) });
  const required = await drill('--no-compare', '--require-restore');
  expect(required.exitCode).toBe(1);
  expect(required.stdout).toMatch(
    /^FAILED: .*\n {2}.* is encrypted, .*nothing was restored\. \(DRILL_HASHES_ONLY\)\n$/,
  );
  await nothingLeft();
});

test('says what is wanted where --once is missing', async () => {
  const { stderr, exitCode } = await runCli(['drill', '--store', 'file:///nowhere']);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--once')]);
});

test('with --try-flags an etcd that does not take the flags of the configuration restores nothing', async () => {
  const config = join(folder, 'agent.yaml');
  const written = (kind: string, flag: string): Promise<void> =>
    writeFile(
      config,
      `member: {name: m1, dataDir: ${join(folder, 'data')}, endpoint: '${cluster.endpoints[0]}', peerUrl: 'http://127.0.0.1:2380'}
cluster: {name: prod, peers: ['m1=http://127.0.0.1:2380 http://127.0.0.1:9379']}
supervise: {kind: ${kind}${kind === 'none' ? '' : `, child: {args: ['${flag}']}`}}
`,
    );
  await written('child', '--log-output=stderr');
  const refused = await drill('--config', config, '--try-flags');
  expect(refused.stdout).toMatch(/^FAILED: .*\n {2}.*does not take the flags in .*log-output.* \(FLAG_REMOVED\)\n$/);
  expect(refused.exitCode).toBe(1);
  await written('child', '--quota-backend-bytes=1000000000');
  expect(await drill('--config', config, '--try-flags')).toMatchObject({ exitCode: 0 });
  await written('none', '');
  expect(await drill('--config', config, '--try-flags')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('with supervise.kind none they are not in'),
  });
  expect(await drill('--endpoint', cluster.endpoints[0] ?? '', '--try-flags')).toMatchObject({ exitCode: 2 });
  await nothingLeft();
});

import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { ObservedHistory } from '../../backup/restore/observed-history.ts';
import { revisionOf, valuesBelow } from '../../backup/restore/prefix/live.ts';
import { writeFull, writeSegments } from '../../backup/restore/written-backup.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { runCli } from '../doctor/run-cli.ts';

const password = 'root pw';

describe.each([
  { version: '3.4', withUsers: true },
  { version: '3.5', withUsers: false },
] as const)('a subtree back into a live etcd $version (users: $withUsers)', ({ version, withUsers }) => {
  /** The other one shows what depends on etcd. */
  const wholeTest = (name: string, work: () => Promise<void>): void => {
    if (version === '3.5') test(name, work);
  };
  let cluster: RealCluster;
  let client: MemberClient;
  let folder: string;
  let place: string;
  let url: string;
  /** As the backup has it. */
  let then: Readonly<Record<string, string>>;
  let thenRevision: bigint;
  const large = 'x'.repeat(1_048_576);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-cli-prefix-'));
    url = `file://${join(folder, 'backups')}`;
    cluster = await startCluster({ version, ...(withUsers ? { auth: { rootPassword: password } } : {}) });
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    const auth = withUsers ? { auth: { username: 'root', passwordFile } } : {};
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', ...auth });
    const store = new LocalStore(join(folder, 'backups', 'prod', 't1'));
    const { id } = await client.grantLease(600);
    await using history = await ObservedHistory.begin(client, () => 600);
    for (let n = 100; n < 200; n += 1) await put(`/a/prod/${n}`, 'full');
    const { manifest } = await writeFull(store, client, join(folder, 'spool'));
    const first = manifest.lastRevision;
    await client.txn({
      compare: [],
      changes: [{ put: Buffer.from('/a/prod/lock'), value: Buffer.from('1'), lease: id }],
    });
    for (let n = 200; n < 400; n += 1) await put(`/a/prod/${n}`, 'delta');
    // Enough for twenty transactions.
    for (let n = 0; n < 20; n += 1) {
      const keys = Array.from({ length: 100 }, (_, index) => Buffer.from(`/a/prod/many/${n}/${index}`));
      await client.txn({ compare: [], changes: keys.map((key) => ({ put: key, value: Buffer.alloc(3000, 'm') })) });
    }
    await put('/a/prod/100', 'delta');
    await put('/a/prod/large', large);
    await put(Buffer.from([...Buffer.from('/a/prod/'), 0xff, 0x00, 0x80]), 'bytes');
    for (const key of ['/a/prod', '/a/production/1', '/a/prod0', '/b/1']) await put(key, 'then');
    thenRevision = await revisionOf(client);
    then = await valuesBelow(client, '/a/prod/');
    await put('/z', 'so that the last one has been seen');
    await writeSegments(store, await history.until(thenRevision), [first + 1n, thenRevision], { every: 60 });
  });
  afterAll(async () => {
    client.close();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    place = await mkdtemp(join(folder, 'place-'));
  });
  afterEach(() => rm(place, { recursive: true, force: true }));

  const put = (key: string | Buffer, value: string) => client.put(Buffer.from(key), Buffer.from(value));
  const undoFile = () => join(place, 'undo.jsonl');
  const live = () => [
    ...['--endpoint', client.endpoint],
    ...(withUsers
      ? ['--set', 'cluster.auth.username=root', '--set', `cluster.auth.passwordFile=${folder}/password`]
      : []),
  ];
  const store = () => ['--store', url, '--bin', join(cluster.binaries.etcd, '..'), '--work-dir', place];
  const restore = (...args: readonly string[]) => runCli(['restore', ...store(), ...live(), ...args]);
  const json = async (...args: readonly string[]) => {
    const { stdout, stderr, exitCode } = await restore(...args, '-o', 'json');
    return { stderr, exitCode, result: stdout === '' ? undefined : JSON.parse(stdout) };
  };
  /** Somebody has deleted, changed and added some. */
  const damage = async (): Promise<void> => {
    await client.deleteRange(Buffer.from('/a/prod/'), Buffer.from('/a/prod/350'));
    for (const n of [350, 351, 352]) await put(`/a/prod/${n}`, 'damaged');
    await client.deleteRange(Buffer.from('/a/prod/many/'), Buffer.from('/a/prod/many0'));
    for (const key of ['/a/prod/large', '/a/prod/lock']) await client.deleteRange(Buffer.from(key));
    await client.deleteRange(Buffer.from([...Buffer.from('/a/prod/'), 0xff]), Buffer.from('/a/prod0'));
    for (const key of ['/a/prod', '/a/production/1', '/a/prod0', '/b/1']) await put(key, 'now');
    await put('/a/prod/extra', 'now');
  };
  const others = async () => ({
    ...(await valuesBelow(client, '/a/production')),
    ...(await valuesBelow(client, '/a/prod0')),
    ...(await valuesBelow(client, '/b/')),
  });
  const untouched = { '/a/production/1': 'now', '/a/prod0': 'now', '/b/1': 'now' };

  test('the difference is shown and nothing is written; then it is, exactly, and can be undone', async () => {
    await damage();
    const damaged = await valuesBelow(client, '/a/prod/');
    const revision = await revisionOf(client);
    const seen = await json('--prefix', '/a/prod/', '--delete-extra', '--list', '5000');
    expect({ stderr: seen.stderr, exitCode: seen.exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(seen.result).toMatchObject({ subtree: '/a/prod/', liveRevision: String(revision), leftovers: [] });
    const { counts, equalKeys, listed } = seen.result.differences;
    expect({ equalKeys, ...counts }).toMatchObject({
      equalKeys: 47,
      'put-back': { keys: 2252, bytesNow: 0 },
      'change-back': { keys: 3, bytesNow: 21, bytesThen: 15 },
      delete: { keys: 1 },
      leased: { keys: 1 },
    });
    expect(listed).toContainEqual({ kind: 'put-back', key: '/a/prod/\\xff\\x00\\x80', bytesThen: 5 });
    expect(JSON.stringify(seen.result)).not.toContain('damaged');
    expect(await revisionOf(client)).toBe(revision);
    expect(await readdir(place)).toEqual([]);

    const args = ['--prefix', '/a/prod/', '--delete-extra', '--undo-file', undoFile()];
    const written = await restore(...args, '--live-revision', String(revision), '--apply');
    expect({ exitCode: written.exitCode, stderr: written.stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining(undoFile()),
    });
    expect(written.stdout).toContain('2,256 keys written.');
    // The key under a lease stays deleted: who held it is gone.
    const { '/a/prod/lock': _, ...expected } = then;
    expect(await valuesBelow(client, '/a/prod/')).toEqual(expected);
    expect(await others()).toEqual(untouched);
    expect(statSync(undoFile()).mode & 0o777).toBe(0o600);

    const undone = await runCli([
      'restore',
      '--undo',
      undoFile(),
      ...live(),
      '--apply',
      '--undo-file',
      `${undoFile()}.2`,
    ]);
    expect({ exitCode: undone.exitCode, stdout: undone.stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining('2,256 keys written.'),
    });
    expect(await valuesBelow(client, '/a/prod/')).toEqual(damaged);
    expect(await readdir(place)).toEqual(['undo.jsonl', 'undo.jsonl.2']);
  });

  wholeTest('what is written after the difference was seen is a conflict, and stays', async () => {
    await damage();
    const revision = await revisionOf(client);
    await put('/a/prod/351', 'theirs');
    await put('/a/prod/100', 'theirs');
    await put('/a/prod/extra', 'theirs');
    const args = ['--prefix', '/a/prod/', '--delete-extra', '--apply', '--undo-file', undoFile()];
    const { exitCode, result } = await json(...args, '--live-revision', String(revision));
    expect(exitCode).toBe(1);
    expect(result.writes).toMatchObject({ written: 2253, unwritten: 3 });
    expect(result.writes.listed.map(({ key }: { readonly key: string }) => key)).toEqual([
      ...['/a/prod/100', '/a/prod/351', '/a/prod/extra'],
    ]);
    expect(await valuesBelow(client, '/a/prod/')).toMatchObject({
      ...{ '/a/prod/100': 'theirs', '/a/prod/351': 'theirs', '/a/prod/extra': 'theirs', '/a/prod/350': 'delta' },
    });
  });

  wholeTest('killed in the midst of writing it goes on, and can be undone piece by piece', async () => {
    await damage();
    const damaged = await valuesBelow(client, '/a/prod/');
    const args = ['--prefix', '/a/prod/', '--apply', '--undo-file'];
    const killed = await runCli(['restore', ...store(), ...live(), ...args, undoFile()], {
      onStart: (pid) => void killInTheMidst(pid),
    });
    expect(killed.exitCode).toBeNull();
    await cluster.members[0]?.ready();
    const { '/a/prod/lock': _, ...rest } = then;
    const expected = { ...rest, '/a/prod/extra': 'now' };
    expect(await valuesBelow(client, '/a/prod/')).not.toEqual(expected);
    const again = await restore(...args, `${undoFile()}.2`);
    expect({ exitCode: again.exitCode, stdout: again.stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining('left behind'),
    });
    expect(await valuesBelow(client, '/a/prod/')).toEqual(expected);
    for (const [index, file] of [`${undoFile()}.2`, undoFile()].entries()) {
      const undone = ['restore', '--undo', file, ...live(), '--apply', '--undo-file', join(place, `back-${index}`)];
      expect(await runCli(undone)).toMatchObject({
        stderr: expect.stringContaining('note: what is replaced'),
        exitCode: 0,
      });
    }
    expect(await valuesBelow(client, '/a/prod/')).toEqual(damaged);
  });

  /** As soon as something is to be written: while the member holds its breath, so that a transaction is under way. */
  async function killInTheMidst(pid: number): Promise<void> {
    const size = () => (existsSync(undoFile()) ? statSync(undoFile()).size : 0);
    // The first line is shorter, that of a key may be.
    while (size() < 1000 && existsSync(`/proc/${pid}`)) await setImmediate();
    cluster.members[0]?.pause();
    try {
      for (let before = 0; size() !== before; await sleep(100)) before = size();
      if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    } finally {
      cluster.members[0]?.resume();
    }
  }

  wholeTest('keys that begin so, and bytes that are no text', async () => {
    await damage();
    const { result } = await json('--literal-prefix', '/a/prod');
    expect(result.differences.counts['change-back'].keys).toBe(6);
    const bytes = await json('--prefix', '/a/prod/\\xff\\x00\\x80');
    expect(bytes.result.differences).toMatchObject({ equalKeys: 0, counts: { 'put-back': { keys: 1 } } });
  });

  wholeTest('with --with-leased a key gets a lease of the same length', async () => {
    await damage();
    const args = ['--prefix', '/a/prod/lock', '--apply', '--undo-file', undoFile()];
    const without = await json(...args);
    expect(without.result).toMatchObject({ differences: { counts: { leased: { keys: 1 } } }, writes: { written: 0 } });
    expect(existsSync(undoFile())).toBe(false);
    expect((await json(...args, '--with-leased')).result).toMatchObject({ writes: { written: 1 } });
    const { kvs } = await client.range({ key: Buffer.from('/a/prod/lock') });
    expect(await client.leaseTimes(kvs[0]?.lease ?? 0n)).toMatchObject({ grantedTtlSeconds: 600 });
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { manifestKey } from '../../../src/backup/names.ts';
import { readFullManifest } from '../../../src/backup/restore/fetch-chain.ts';
import { claimPlace } from '../../../src/backup/store/claim.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { ObservedHistory } from '../../backup/restore/observed-history.ts';
import { startRestored } from '../../backup/restore/restored-member.ts';
import { writeFull, writeSegments } from '../../backup/restore/written-backup.ts';
import { type EtcdBinaries, findBinaries } from '../../real/binaries.ts';
import { startCluster } from '../../real/cluster.ts';
import { runCli } from '../doctor/run-cli.ts';

describe('restore and backup, from the command line', () => {
  let folder: string;
  let place: string;
  let url: string;
  let binaries: EtcdBinaries;
  let last: bigint;
  let first: bigint;
  const endedAtMs = Date.now() - 3_600_000;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-cli-restore-'));
    binaries = findBinaries();
    url = `file://${join(folder, 'backups')}`;
    const store = new LocalStore(join(folder, 'backups', 'prod', 't1'));
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    await using history = await ObservedHistory.begin(client, () => 60);
    await client.put(Buffer.from('/k'), Buffer.from('0'));
    const { manifest } = await writeFull(store, client, join(folder, 'spool'));
    first = manifest.lastRevision;
    for (let n = 1; n <= 41; n += 1) await client.put(Buffer.from('/k'), Buffer.from(String(n)));
    last = first + 40n;
    await writeSegments(store, await history.until(last), [first + 1n, last], { every: 10, endedAtMs });
    client.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    place = await mkdtemp(join(folder, 'place-'));
  });
  afterEach(() => rm(place, { recursive: true, force: true }));

  const bin = () => join(binaries.etcd, '..');
  const restore = (...args: readonly string[]) => runCli(['restore', '--store', url, '--bin', bin(), ...args]);
  const valueIn = async (dataDir: string): Promise<string | undefined> => {
    await using member = await startRestored(binaries.etcd, dataDir);
    return (await member.client.range({ key: Buffer.from('/k') })).kvs[0]?.value.toString();
  };

  test('the newest revision into a data dir, and what was done is told', async () => {
    const dataDir = join(place, 'data');
    const { stdout, stderr, exitCode } = await restore('--data-dir', dataDir);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toContain(`Restored to revision ${last}: ${dataDir}`);
    expect(stdout).toMatch(/from {11}cluster prod, cluster id [0-9a-f]+, timeline t1\n/);
    expect(stdout).toContain('replayed       40 revisions from 4 segments');
    expect(await valueIn(dataDir)).toBe('40');
  });

  test('a revision and a time, as data', async () => {
    const byRevision = await restore(
      '--to-revision',
      String(first + 7n),
      '--output',
      join(place, 'a.db'),
      '-o',
      'json',
    );
    expect(JSON.parse(byRevision.stdout)).toMatchObject({
      revision: String(first + 7n),
      avoided: [],
      bumpMissing: false,
      from: { cluster: 'prod', timeline: 't1' },
    });
    // Between the ends of the second and the third segment.
    const time = new Date(endedAtMs + 1500).toISOString();
    const byTime = await restore('--to-time', time, '--output', join(place, 'b.db'), '-o', 'json');
    expect(JSON.parse(byTime.stdout)).toMatchObject({ revision: String(first + 20n) });
    expect((await readdir(place)).sort()).toEqual(['a.db', 'b.db']);
  });

  test('a data dir that is there is not touched, unless it is to be moved aside', async () => {
    const dataDir = join(place, 'data');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'mine'), '');
    const refused = await restore('--data-dir', dataDir);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('--quarantine') });
    const { exitCode, stdout } = await restore('--data-dir', dataDir, '--quarantine');
    expect({ exitCode, moved: /moved aside {4}(\S+)/.exec(stdout)?.[1] }).toEqual({
      exitCode: 0,
      moved: expect.stringContaining(`${dataDir}.quarantine-`),
    });
  });

  test('a data dir or a WAL that a running etcd uses is not moved aside', async () => {
    const [dataDir, walDir] = [join(place, 'data'), join(place, 'wal')];
    const made = await restore('--data-dir', dataDir, '--wal-dir', walDir);
    expect(made.exitCode).toBe(0);
    await using _ = await startRestored(binaries.etcd, dataDir, undefined, ['--wal-dir', walDir]);
    for (const args of [
      ['--data-dir', dataDir],
      ['--data-dir', join(place, 'other'), '--wal-dir', walDir],
    ]) {
      const refused = await restore(...args, '--quarantine');
      expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('DATA_DIR_IN_USE') });
    }
    expect((await readdir(place)).sort()).toEqual(['data', 'wal']);
    const nested = await restore('--data-dir', dataDir, '--wal-dir', join(dataDir, 'wal'));
    expect(nested).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('USAGE') });
  });

  test('where something newer than the store is asked for, the newest that can be had is told', async () => {
    const { exitCode, stderr } = await restore('--to-revision', String(last + 1n), '--data-dir', join(place, 'data'));
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(`--to-revision ${last}`) });
    expect(await readdir(place)).toEqual([]);
  });

  test('a store without backups, and one that is none', async () => {
    const empty = await runCli([
      'restore',
      '--store',
      `file://${place}/none`,
      '--bin',
      bin(),
      '--output',
      join(place, 'x'),
    ]);
    expect(empty).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('holds no backups') });
    const wrong = await runCli(['restore', '--store', 'ftp://x/y', '--bin', bin(), '--output', join(place, 'x')]);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('STORE_URL_INVALID') });
    const missing = await runCli(['restore', '--store', url, '--bin', place, '--output', join(place, 'x')]);
    expect(missing).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('ETCD_MISSING') });
  });

  test('an empty cluster of the same name, written to later, is not restored unless it is named', async () => {
    const whole = new LocalStore(join(folder, 'backups'));
    const own = new LocalStore(join(folder, 'backups', 'prod', 't1'));
    const [full] = (await readCatalogue(own)).fulls;
    if (full === undefined) throw new Error('there is no full snapshot');
    const { clusterId } = (await readFullManifest(own, full, new AbortController().signal)).manifest;
    await claimPlace(whole, { clusterName: 'prod', timeline: 't1', clusterId }, 'm1');
    await claimPlace(whole, { clusterName: 'prod', timeline: 't2', clusterId: 'bbbb' }, 'm1');
    await whole.put(
      `prod/t2/${manifestKey({ kind: 'full', revision: 1n, time: '20260101T000000Z', id: 'x' })}`,
      Buffer.alloc(1),
    );
    const refused = await restore('--output', join(place, 'a.db'));
    const chosen = await restore('--output', join(place, 'a.db'), '--timeline', 't1');
    await rm(join(folder, 'backups', 'prod', 't2'), { recursive: true });
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('PLACE_AMBIGUOUS') });
    expect(chosen).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('timeline t1') });
  });

  test('killed at any moment it leaves nothing at the target, and no etcd', async () => {
    const dataDir = join(place, 'data');
    for (const moment of [/^full-0\.snap$/, /^scratch$/, /^data-0$/]) {
      await runCli(['restore', '--store', url, '--bin', bin(), '--data-dir', dataDir], {
        onStart: (pid) => void killWhen(pid, place, moment),
      });
      expect(existsSync(dataDir)).toBe(false);
      await noEtcdOf(place);
    }
    const { stdout, exitCode } = await restore('--data-dir', dataDir);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('left behind');
    expect(await valueIn(dataDir)).toBe('40');
  });

  test('Ctrl-C ends it with 130, and nothing is left', async () => {
    const interrupt = (pid: number): void => void killWhen(pid, place, /^scratch$/, 'SIGINT');
    const { exitCode, stderr } = await runCli(
      ['restore', '--store', url, '--bin', bin(), '--data-dir', join(place, 'data')],
      { onStart: interrupt },
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: expect.stringContaining('Nothing was restored') });
    expect(await readdir(place)).toEqual([]);
    await noEtcdOf(place);
  });

  test('backup list, show and verify', async () => {
    const list = await runCli(['backup', 'list', '--store', url]);
    expect(list.stdout).toContain('TO REVISION');
    const json = await runCli(['backup', 'list', '--store', url, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      chains: [{ firstRevision: String(first), lastRevision: String(last), segments: 4, manifest: { keys: 1 } }],
      gaps: [],
    });
    const show = await runCli(['backup', 'show', String(first + 3n), '--store', url, '-o', 'json']);
    expect(JSON.parse(show.stdout)).toMatchObject({ kind: 'delta', firstRevision: String(first + 1n) });
    const whole = await runCli(['backup', 'verify', '--store', url]);
    expect(whole).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`chain  ${first} to ${last}: whole`) });
    const deltas = join(folder, 'backups', 'prod', 't1', 'delta');
    const [, second = ''] = readdirSync(deltas).sort();
    const kept = readFileSync(join(deltas, second));
    await rm(join(deltas, second));
    const broken = await runCli(['backup', 'verify', '--store', url]);
    await writeFile(join(deltas, second), kept);
    expect(broken).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('(GAP)') });
  });
});

/** Sends a signal as soon as a file with such a name is in the work folder of a restore. */
async function killWhen(pid: number, place: string, name: RegExp, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const isThere = (): boolean =>
    readdirSync(place)
      .filter((folder) => folder.includes('.restoring-'))
      .some((folder) => namesIn(join(place, folder)).some((found) => name.test(found)));
  const earlier = new Set(readdirSync(place));
  const isNew = (): boolean => readdirSync(place).some((folder) => !earlier.has(folder));
  while (existsSync(`/proc/${pid}`) && !(isNew() && isThere())) await new Promise((resolve) => setTimeout(resolve, 1));
  try {
    process.kill(pid, signal);
  } catch {
    // It was quicker.
  }
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Waits until no etcd works below a folder. */
async function noEtcdOf(place: string): Promise<void> {
  const commands = (): readonly string[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        } catch {
          return '';
        }
      });
  await expect
    .poll(() => commands().filter((command) => command.includes(`${place}/`)), { timeout: 20_000 })
    .toEqual([]);
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BackupPointsReader } from '../../../../src/agent/backup/points/reader.ts';
import { restoreCommand } from '../../../../src/agent/backup/points/restore-command.ts';
import { fullsOf, stretchesOf } from '../../../../src/agent/backup/points/stretches.ts';
import type { ListedChain } from '../../../../src/backup/list-chains.ts';
import type { FullManifest } from '../../../../src/backup/manifest.ts';
import type { Config } from '../../../../src/config/config.ts';
import { backupSection } from '../../../../src/config/sections/backup.ts';

/** As the configuration has it, with `given` in place of defaults. */
function backupOf(given: object): Config['backup'] {
  return backupSection.parse(given) as Config['backup'];
}

const minute = 60_000;
const startMs = Date.UTC(2026, 0, 2, 3);

function chain(from: number, to: number, takenAt: number, writtenAt: number): ListedChain {
  const manifest = {
    lastRevision: BigInt(from),
    endedAtMs: startMs + takenAt * minute,
    stored: { bytes: 1000 * from, sha256: '' },
  } as FullManifest;
  return {
    ...{ id: `id-${from}`, key: `full/${from}`, firstRevision: BigInt(from), lastRevision: BigInt(to) },
    ...{ segments: to - from, segmentBytes: 0, manifest, writtenAtMs: startMs + writtenAt * minute },
  };
}

const at = (minutes: number): string => new Date(startMs + minutes * minute).toISOString();

describe('what can be restored', () => {
  it('chains that go on in each other are one stretch', () => {
    expect(stretchesOf([chain(50, 90, 30, 59), chain(10, 90, 0, 59)])).toEqual([
      { fromRevision: 10n, toRevision: 90n, from: at(0), to: at(59) },
    ]);
  });

  it('a full snapshot without segments, and one behind a gap, stand for themselves', () => {
    expect(stretchesOf([chain(100, 100, 60, 61), chain(10, 40, 0, 20)])).toEqual([
      { fromRevision: 10n, toRevision: 40n, from: at(0), to: at(20) },
      { fromRevision: 100n, toRevision: 100n, from: at(60), to: at(60) },
    ]);
  });

  it('a full snapshot whose manifest cannot be read is no point', () => {
    const { manifest: _, ...rest } = chain(10, 40, 0, 20);
    const broken = { ...rest, problem: 'It is no JSON.' };
    expect(stretchesOf([broken])).toEqual([]);
    expect(fullsOf([broken, chain(50, 60, 30, 40)])).toEqual([{ revision: 50n, at: at(30), bytes: 50_000 }]);
  });

  it('a store that was never written to has nothing, and one that cannot be read says why', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-points-'));
    const backup = backupOf({ store: [`file://${folder}`, `file:///proc/self/mem`] });
    const reader = new BackupPointsReader({ backup, clusterName: 'prod', timeline: () => undefined });
    const { stores, commands } = await reader.read();
    expect(stores[0]).toMatchObject({ store: `file://${folder}`, fulls: [], stretches: [] });
    expect(stores[0]?.fault).toBeUndefined();
    expect(stores[1]).toMatchObject({ fulls: [], fault: { code: expect.any(String), message: expect.any(String) } });
    expect(commands).toEqual(['', '']);
    reader.close();
    await rm(folder, { recursive: true });
  });
});

describe('the command that restores', () => {
  const of = { cluster: 'prod', timeline: 'abc' };

  it('names the store, the cluster and the timeline', () => {
    expect(restoreCommand(backupOf({}), { ...of, store: 'file:///var/backups/etcd' })).toBe(
      'etcd-caretaker restore --store file:///var/backups/etcd --cluster prod --timeline abc --to-time {time} --data-dir ./restored',
    );
  });

  it('quotes what a shell would take apart', () => {
    expect(restoreCommand(backupOf({}), { ...of, cluster: "it's; rm", store: 'file:///a b' })).toContain(
      `--store 'file:///a b' --cluster 'it'\\''s; rm'`,
    );
  });

  it('says how a bucket is reached, and where the identity is', () => {
    const backup = backupOf({
      s3: { endpoint: 'https://minio:9000', region: 'eu', pathStyle: true },
      encryption: { mode: 'age', recipientsFile: '/keys/recipients', identityFile: '/keys/identity' },
    });
    expect(restoreCommand(backup, { ...of, store: 's3://backups/etcd' })).toContain(
      '--s3-endpoint https://minio:9000 --s3-region eu --s3-path-style --identity-file /keys/identity --to-time',
    );
  });

  it('names the configuration where a bucket takes credentials from files', () => {
    const backup = backupOf({
      s3: { accessKeyIdFile: '/keys/id', secretAccessKeyFile: '/keys/secret' },
    });
    const command = restoreCommand(backup, { ...of, store: 's3://backups/etcd' });
    expect(command).toContain('--config /etc/etcd-caretaker/agent.yaml');
    expect(command).not.toContain('/keys/');
  });
});

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { GASP_MANIFEST } from '../../../src/backup/last-gasp/folder.ts';
import type { GaspFile } from '../../../src/backup/last-gasp/manifest.ts';
import type { EtcdBinaries } from '../../real/binaries.ts';

const run = promisify(execFile);

/** The manifest of a last gasp as whoever recovers reads it, after each of its files has been found to be what it says. */
export async function checkedManifest(path: string): Promise<Record<string, unknown>> {
  const manifest = JSON.parse(await readFile(join(path, GASP_MANIFEST), 'utf8')) as Record<string, unknown>;
  const files = manifest['files'] as readonly GaspFile[];
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const content = await readFile(join(path, file.path));
    expect([file.path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([
      file.path,
      file.bytes,
      file.sha256,
    ]);
    expect((await stat(join(path, file.path))).mode & 0o777).toBe(0o600);
  }
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  return manifest;
}

/** Makes a data dir of a snapshot file with etcd's own tool, which checks the checksum at its end. */
export async function restoreSnapshot(binaries: EtcdBinaries, file: string, dataDir: string): Promise<void> {
  await run(binaries.etcdutl ?? binaries.etcdctl, ['snapshot', 'restore', file, '--data-dir', dataDir], {
    env: { ...process.env, ETCDCTL_API: '3' },
  });
}

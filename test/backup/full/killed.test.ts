import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeFull } from '../../../src/backup/full/take-full.ts';
import { parseManifest } from '../../../src/backup/manifest.ts';
import { parseName } from '../../../src/backup/names.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { bytesOf, keysOf } from '../altered-store.ts';
import { type FullFixture, startFixture } from './full-fixture.ts';

const script = fileURLToPath(new URL('taking-child.ts', import.meta.url));

/** How many manifests there are; each must name a snapshot that is there whole. */
async function wholeSnapshots(store: Store): Promise<number> {
  const manifests = (await keysOf(store)).filter((key) => parseName(key)?.kind === 'full');
  for (const key of manifests) {
    const manifest = parseManifest(await bytesOf(store, key), key);
    if (manifest.kind !== 'full') throw new Error(`${key} is none of a full snapshot`);
    const stored = await bytesOf(store, manifest.object);
    expect({ bytes: stored.length, sha256: createHash('sha256').update(stored).digest('hex') }).toEqual(
      manifest.stored,
    );
  }
  return manifests.length;
}

describe('whatever ends an agent that takes snapshots', () => {
  let fixture: FullFixture;
  beforeAll(async () => {
    fixture = await startFixture({}, 10);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  test('every manifest in the store names a snapshot that is there whole', async () => {
    const folder = join(fixture.folder, 'killed');
    const store = new LocalStore(folder);
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, [script, fixture.cluster.endpoints[0] ?? '', folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await wholeSnapshots(store)).toBeGreaterThan(round);
    }
    expect(await readdir(`${folder}-spool`).catch(() => [])).toEqual([]);
  });

  test('two that take one at the same moment each have their own', async () => {
    const store = fixture.newStore();
    const taking = Array.from({ length: 2 }, () => takeFull({ ...fixture.options, destinations: [{ store }] }));
    await Promise.all(taking);
    expect(await wholeSnapshots(store)).toBe(2);
    expect(await keysOf(store)).toHaveLength(4);
  });
});

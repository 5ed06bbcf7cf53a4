import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { existingParent } from '../../../src/agent/member/existing-parent.ts';

test('the room for a data dir is that of the nearest folder that is there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'existing-parent-'));
  try {
    expect(await existingParent(join(folder, 'data'))).toBe(folder);
    expect(await existingParent(join(folder, 'm4', 'etcd', 'data'))).toBe(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
});

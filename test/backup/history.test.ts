import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeSegment } from '../../src/backup/delta/segment-writer.ts';
import { foreignTo, historyOf } from '../../src/backup/history.ts';
import type { Manifest } from '../../src/backup/manifest.ts';
import { claimPlace } from '../../src/backup/store/claim.ts';
import { LocalStore } from '../../src/backup/store/local.ts';
import { StoreError } from '../../src/backup/store/store.ts';
import { alteredStore } from './altered-store.ts';
import { putAt, someFacts } from './delta/segments.ts';

const never = new AbortController().signal;

async function manifestOf(clusterId: string): Promise<Manifest> {
  return (await encodeSegment({ ...someFacts(5n, 5n), clusterId }, [putAt(5n)])).manifest;
}

describe('the history of a place', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-history-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('is that of its claim, whatever most objects say', async () => {
    await claimPlace(new LocalStore(folder), { clusterId: 'aaaa', clusterName: 'test', timeline: 't1' }, 'm1');
    const foreign = await manifestOf('bbbb');
    const place = new LocalStore(join(folder, 'test', 't1'));
    const history = await historyOf(place, [foreign, foreign], never);
    expect(history).toMatchObject({ clusterId: 'aaaa', timeline: 't1' });
    if (history === undefined) return;
    expect(foreignTo(history, 'k', foreign)).toMatchObject({ code: 'OBJECT_DAMAGED' });
    expect(foreignTo(history, 'k', await manifestOf('aaaa'))).toBeUndefined();
  });

  test('is that of most objects where the claim cannot be read', async () => {
    await writeFile(join(folder, 'claim.json'), 'damaged');
    expect(await historyOf(new LocalStore(folder), [await manifestOf('aaaa')], never)).toMatchObject({
      clusterId: 'aaaa',
    });
    const denied = alteredStore(new LocalStore(folder), {
      get: () => {
        throw new StoreError('STORE_DENIED', 'not for you');
      },
    });
    expect(await historyOf(denied, [await manifestOf('aaaa')], never)).toMatchObject({ clusterId: 'aaaa' });
  });

  test('is that of most objects where nobody has claimed it', async () => {
    const [one, other] = [await manifestOf('aaaa'), await manifestOf('bbbb')];
    const place = new LocalStore(folder);
    expect(await historyOf(place, [one, other, other], never)).toMatchObject({ clusterId: 'bbbb' });
    expect(await historyOf(place, [one, other], never)).toMatchObject({ clusterId: 'aaaa' });
    expect(await historyOf(place, [], never)).toBeUndefined();
  });
});

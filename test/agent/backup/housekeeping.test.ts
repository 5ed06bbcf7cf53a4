import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runHousekeeping } from '../../../src/agent/backup/housekeeping.ts';
import type { Tidied, TidyPlan } from '../../../src/backup/retention/tidy.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { StoreError } from '../../../src/backup/store/store.ts';

const HOUR_MS = 3_600_000;
const nothingOld = { keepAllMs: HOUR_MS, hourly: 0, daily: 0, weekly: 0, monthly: 0 };
/** How long what is waited for may take on a busy machine. */
const patience = { timeout: 30_000, interval: 10 };

describe('what retention asks for', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-housekeeping-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Two chains, the older one begun a day before the newer one. */
  async function store(): Promise<LocalStore> {
    const made = new LocalStore(folder);
    for (const [revision, time, id] of [
      [10, '20260101T000000Z', 'aaaaaaaaaaaa'],
      [20, '20260102T000000Z', 'bbbbbbbbbbbb'],
    ] as const) {
      await made.put(`full/${time}-${id}.snap.zst`, Buffer.from('x'));
      await made.put(`full/${String(revision).padStart(19, '0')}-${time}-${id}.json`, Buffer.from('{}'));
      await made.put(`verified/${id}.json`, Buffer.from('{}'));
    }
    return made;
  }

  it('is done by itself: the older chain goes, and it is said', async () => {
    const on = await store();
    const ending = new AbortController();
    const told: (Tidied | TidyPlan | StoreError)[] = [];
    const running = runHousekeeping(
      {
        store: on,
        policy: { retention: nothingOld },
        mode: 'auto',
        firstAfterMs: 0,
        everyMs: 1,
        tell: (outcome) => told.push(outcome),
      },
      ending.signal,
    );
    await vi.waitFor(() => expect(told).toHaveLength(1), patience);
    ending.abort();
    await running;
    expect(told[0]).toMatchObject({ pruned: { removed: expect.arrayContaining([expect.stringContaining('aaaa')]) } });
    const left: string[] = [];
    for await (const { key } of on.list('full/', {})) left.push(key);
    expect(left.every((key) => key.includes('bbbb'))).toBe(true);
  });

  it('is only told in the mode `plan`, and not even looked for in the mode `off`', async () => {
    const on = await store();
    const [told, neverTold]: [unknown[], unknown[]] = [[], []];
    const ending = new AbortController();
    const common = { policy: { retention: nothingOld }, firstAfterMs: 0, everyMs: 1 };
    const listed = vi.spyOn(on, 'list');
    const off = runHousekeeping(
      { ...common, store: on, mode: 'off', tell: (outcome) => neverTold.push(outcome) },
      ending.signal,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(listed).not.toHaveBeenCalled();
    const plan = runHousekeeping(
      { ...common, store: on, mode: 'plan', tell: (outcome) => told.push(outcome) },
      ending.signal,
    );
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(1), patience);
    ending.abort();
    await Promise.all([off, plan]);
    expect(neverTold).toEqual([]);
    const gone = (told[0] as TidyPlan).retention.objects.filter(({ keep }) => !keep).map(({ key }) => key);
    expect(gone).toContainEqual(expect.stringContaining('aaaa'));
    const left: string[] = [];
    for await (const { key } of on.list('full/', {})) left.push(key);
    expect(left.filter((key) => key.includes('aaaa'))).toHaveLength(2);
  });

  it('is tried again when the store fails', async () => {
    const on = await store();
    const failing = vi.spyOn(on, 'list').mockImplementationOnce(() => {
      throw new StoreError('STORE_UNREACHABLE', 'It is away.', {});
    });
    const ending = new AbortController();
    const told: (Tidied | TidyPlan | StoreError)[] = [];
    const running = runHousekeeping(
      {
        store: on,
        policy: { retention: nothingOld },
        mode: 'auto',
        firstAfterMs: 0,
        everyMs: 1,
        tell: (outcome) => told.push(outcome),
      },
      ending.signal,
    );
    await vi.waitFor(() => expect(told).toHaveLength(2), patience);
    ending.abort();
    await running;
    expect(failing).toHaveBeenCalled();
    expect(told[0]).toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(told[1]).not.toBeInstanceOf(StoreError);
  });
});

import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataDirState } from '../../src/cluster/own-member.ts';
import { inspectDataDir } from '../../src/datadir/inspect.ts';
import { flip, type Started, type StoppedMember, startsOn, stoppedMember } from './stopped-member.ts';

const { signal } = new AbortController();
const WRITES = 30;
const PAGE_BYTES = 4096;
const FIRST_FILE = '0000000000000000-0000000000000000.wal';
const WAL_BYTES = 256 * 1024;
/** In each file; `npm run test:flips` makes more of them. */
const FLIPS = Number(process.env['CARETAKER_FLIPS'] ?? 6);

interface Flipped {
  readonly where: string;
  readonly ours: DataDirState;
  readonly etcd: Started;
}

/** Numbers that are drawn the same way each time (mulberry32). */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function flipped(
  { copy, cluster }: StoppedMember,
  path: string,
  bits: readonly (readonly [byte: number, bit: number])[],
): Promise<Flipped> {
  const dataDir = await copy();
  // Etcd takes long to fill what was preallocated, and does not need it.
  await truncate(join(dataDir, 'member/wal', FIRST_FILE), WAL_BYTES);
  for (const [byte, bit] of bits) await flip(join(dataDir, path), byte, bit);
  const ours = await inspectDataDir({ dataDir }, signal, { depth: 'full' });
  // Where ours says that etcd starts, it has all the time that it needs.
  const patienceMs = ours.state === 'intact' ? undefined : 2000;
  return { where: bits.join(' '), ours, etcd: await startsOn(cluster.binaries.etcd, dataDir, patienceMs) };
}

/** Length of a WAL up to where nothing was written yet. */
async function usedBytes(path: string): Promise<number> {
  const bytes = await readFile(path);
  let used = bytes.length;
  while (used > 0 && bytes[used - 1] === 0) used -= 1;
  return used;
}

describe('a flipped bit', () => {
  it.each(['3.4', '3.5'] as const)(
    'in the WAL of etcd %s: what etcd refuses is corrupt, and so is what it would lose silently',
    async (version) => {
      await using stopped = await stoppedMember(version, { writes: WRITES });
      const path = join('member/wal', FIRST_FILE);
      const used = await usedBytes(join(stopped.dataDir, path));
      const draw = drawing(20_261_130);
      const found: Flipped[] = [];
      for (let count = 0; count < FLIPS; count += 1) found.push(await flipped(stopped, path, [[draw(used), draw(8)]]));
      expect(found.filter(({ ours, etcd }) => ours.state === 'intact' && (!etcd.served || etcd.keys < WRITES))).toEqual(
        [],
      );
      // Ours may call more damaged than etcd does, which skips what it does not know: a bit was flipped, after all.
    },
  );

  it('in the meta pages of the database: one of them suffices, and without both etcd does not start', async () => {
    await using stopped = await stoppedMember('3.5', { writes: WRITES });
    const draw = drawing(7);
    const found: Flipped[] = [];
    for (let count = 0; count < FLIPS; count += 1) {
      const bit = (page: number) => [page * PAGE_BYTES + 16 + draw(64), draw(8)] as const;
      found.push(
        await flipped(stopped, 'member/snap/db', count % 2 === 0 ? [bit(0), bit(1)] : [bit((count >> 1) % 2)]),
      );
    }
    for (const { ours, etcd } of found) expect(ours.state === 'intact').toBe(etcd.served);
  });
});

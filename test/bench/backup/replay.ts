import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Restored, restoreIntoScratch } from '../../../src/backup/restore/restored-scratch.ts';
import type { EtcdBinaries } from '../../../src/distribution/find-binaries.ts';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { numbers, option } from './option.ts';
import type { Part } from './parts.ts';
import { median, targetLine } from './target.ts';
import type { WrittenBackup } from './written-backup.ts';

const revisions = 200_000;
const sizesMib = [0, 1024];
const leastPerSecond = 8000;
const runs = 3;

/**
 * How fast revisions are made again, exactly, in a scratch etcd that is empty and in one that holds a GiB (`--size MIB,MIB`,
 * `--revisions N`, `--runs N`, `--etcd 3.4`): by turns, medians.
 */
export const replays: Part = async (args, { backups }) => {
  const [count = revisions] = numbers(args, '--revisions', [revisions]);
  const [times = runs] = numbers(args, '--runs', [runs]);
  const sizes = numbers(args, '--size', sizesMib);
  const version = option(args, '--etcd') === '3.4' ? '3.4' : '3.5';
  console.log(`\nexact replay of ${count} revisions, etcd ${version}, ${times} runs`);
  const rates = new Map<number, number[]>(sizes.map((mib) => [mib, []]));
  for (let run = 0; run < times; run += 1) {
    for (const [mib, measured] of rates) {
      const { replayed, replayMs } = await replayOnce(await backups.get(mib, count), version);
      const perSecond = ((replayed?.revisions ?? 0) / replayMs) * 1000;
      measured.push(perSecond);
      console.log(
        `  into ${mib} MiB: ${Math.round(perSecond)} revisions/s, ${replayed?.rewinds} rewinds, load ${loadavg()[0]?.toFixed(1)}`,
      );
    }
  }
  for (const [mib, measured] of rates) {
    console.log(
      targetLine(`exact replay into ${mib} MiB`, median(measured), 'revisions/s', { atLeast: leastPerSecond }),
    );
  }
};

/** Etcd and the tool that makes data dirs. */
export function restoreBinaries(version: EtcdLine): EtcdBinaries {
  const { etcd, etcdutl, etcdctl } = findBinaries(version);
  return { etcd, restorer: etcdutl ?? etcdctl };
}

async function replayOnce({ store }: WrittenBackup, version: EtcdLine): Promise<Restored> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-bench-replay-'));
  try {
    const { restored, scratch } = await restoreIntoScratch(
      { store, target: { kind: 'latest' }, binaries: restoreBinaries(version), folder },
      {},
      new AbortController().signal,
    );
    await scratch?.close();
    return restored;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { restore } from '../../../src/backup/restore/restore.ts';
import { numbers, option } from './option.ts';
import type { Part } from './parts.ts';
import { restoreBinaries } from './replay.ts';
import { targetLine } from './target.ts';

const mib = 2 ** 20;
const defaultMib = 1024;
const defaultRevisions = 200_000;
const mostSeconds = 40;

/**
 * A full snapshot of a GiB and 200,000 revisions after it, from a folder back into a data dir, as `restore` does it (`--size MIB`,
 * `--revisions N`, `--etcd 3.4`); each phase by itself.
 */
export const restores: Part = async (args, { backups }) => {
  const [sizeMib = defaultMib] = numbers(args, '--size', [defaultMib]);
  const [revisions = defaultRevisions] = numbers(args, '--revisions', [defaultRevisions]);
  const version = option(args, '--etcd') === '3.4' ? '3.4' : '3.5';
  const { store, fullBytes, deltaBytes } = await backups.get(sizeMib, revisions);
  console.log(
    `\nrestore of ${sizeMib} MiB (${toMib(fullBytes)} MiB stored) and ${revisions} revisions (${toMib(deltaBytes)} MiB stored), etcd ${version}`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-bench-restore-'));
  try {
    const result = await restore(
      {
        store,
        target: { kind: 'latest' },
        output: { kind: 'data-dirs', dirs: [{ dataDir: join(folder, 'data'), identity }] },
        binaries: restoreBinaries(version),
        // The revision is raised too, as for Kubernetes, whose keys these are.
      },
      new AbortController().signal,
    );
    const perSecond = ((result.replayed?.revisions ?? 0) / result.replayMs) * 1000;
    const phases = [
      ['fetched and checked', result.fetchMs, `${result.segments + 1} objects`],
      ['scratch etcd started', result.startMs, ''],
      ['replayed', result.replayMs, `${Math.round(perSecond)} revisions/s, ${result.replayed?.rewinds} rewinds`],
      ['data dir written', result.writeMs, ''],
    ] as const;
    console.log('\n| phase | | |\n|---|---|---|');
    for (const [phase, ms, more] of phases) console.log(`| ${phase} | ${(ms / 1000).toFixed(1)} s | ${more} |`);
    const resident = toMib(process.resourceUsage().maxRSS * 1024);
    console.log(`\nload ${loadavg()[0]?.toFixed(1)}; RSS of this process at most ${resident} MiB`);
    console.log(targetLine('restore', result.totalMs / 1000, 's', { atMost: mostSeconds }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const identity = {
  name: 'default',
  initialCluster: 'default=http://localhost:2380',
  initialClusterToken: 'again',
  initialAdvertisePeerUrls: 'http://localhost:2380',
};

function toMib(bytes: number): number {
  return Math.round(bytes / mib);
}

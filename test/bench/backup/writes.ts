import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Span, sentWithin, waits } from '../load-figures.ts';
import { startOpenLoad } from '../open-load.ts';
import { numbers } from './option.ts';
import type { Part } from './parts.ts';
import { etcdctlSave, takeInChild } from './snapshots.ts';

const defaultMib = 512;
const rates = { writesPerSecond: 200, readsPerSecond: 0 };
const idleMs = 10_000;
const defaultBytesPerSecond = 20_000_000;

/**
 * What writes take while a snapshot of their member is taken (`--size MIB`): by etcdctl, by the agent as quickly as it can, and
 * by the agent at its default rate, by turns in one run.
 */
export const writesBeside: Part = async (args, { members }) => {
  const [sizeMib = defaultMib] = numbers(args, '--size', [defaultMib]);
  console.log(`\n${rates.writesPerSecond} writes a second beside a snapshot of ${sizeMib} MiB of values`);
  const { cluster, endpoint } = await members.get(sizeMib);
  const folder = join(cluster.folder, 'ours');
  const turns: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['nothing', () => sleep(idleMs)],
    [
      'etcdctl snapshot save',
      () => etcdctlSave(cluster.binaries.etcdctl, endpoint, join(cluster.folder, 'theirs.snap')),
    ],
    ['full snapshot without a limit', () => takeInChild(endpoint, folder, 'plain')],
    ['full snapshot at 20 MB/s', () => takeInChild(endpoint, folder, 'plain', defaultBytesPerSecond)],
  ];
  const spans = new Map<string, Span>();
  await using load = await startOpenLoad(cluster.members, rates);
  await sleep(idleMs);
  for (const [name, turn] of turns) {
    const fromMs = Date.now();
    await turn();
    spans.set(name, { fromMs, toMs: Date.now() });
    await sleep(idleMs / 2);
  }
  const loads = await load.stop();
  const rows = [...spans].map(([name, span]) => {
    const { requests, p50Ms, p99Ms, longestMs, failed } = waits(loads, 'writes', sentWithin(span));
    const cells = [name, requests, ...[p50Ms, p99Ms, longestMs].map((ms) => `${ms.toFixed(1)} ms`), failed];
    return `| ${cells.join(' | ')} |`;
  });
  console.log(
    ['', '| beside | writes | p50 | p99 | longest | failed |', '|---|---|---|---|---|---|', ...rows].join('\n'),
  );
};

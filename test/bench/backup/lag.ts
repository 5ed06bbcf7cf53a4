import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { highest } from '../../../src/backup/revisions.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startCluster } from '../../real/cluster.ts';
import { startAgent } from '../agent-under-test.ts';
import { keysPerMember, type MemberLoad, startOpenLoad } from '../open-load.ts';
import { DurableTimes } from './durable-times.ts';
import { numbers } from './option.ts';
import type { Part } from './parts.ts';
import { targetLine } from './target.ts';

const defaultSeconds = 60;
const defaultRate = 1000;
/** Before this the chain's full snapshot is taken and everything gets warm. */
const warmUpMs = 10_000;
const [mostP50Seconds, mostP99Seconds] = [0.7, 1.5];

/**
 * From when a write is acknowledged to when it is durable in the store: an agent of the built package with the default interval,
 * a folder, writes at fixed times (`--rate N` a second, `--seconds N`).
 */
export const lag: Part = async (args) => {
  const [rate = defaultRate] = numbers(args, '--rate', [defaultRate]);
  const [seconds = defaultSeconds] = numbers(args, '--seconds', [defaultSeconds]);
  console.log(`\ndelta lag at ${rate} writes/s for ${seconds} s, a folder, default interval`);
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-bench-lag-'));
  try {
    await using cluster = await startCluster();
    const [member] = cluster.members;
    if (member === undefined) throw new Error('no member');
    const agent = await startAgent(member, {
      set: { 'backup.store': `file://${join(folder, 'store')}`, 'maintenance.armAfter': '0s' },
    });
    try {
      await using load = await startOpenLoad(cluster.members, { writesPerSecond: rate, readsPerSecond: 0 });
      using durable = await DurableTimes.watch(join(folder, 'store', 'bench'));
      await sleep(warmUpMs);
      const fromMs = Date.now();
      await sleep(seconds * 1000);
      const [written] = await load.stop();
      if (written === undefined) throw new Error('there was no load');
      const client = new MemberClient({ member: 'm1', endpoint: member.endpoint });
      const revisions = await revisionsOf(written, client);
      await durable.until(highest(revisions) ?? 0n);
      client.close();
      report(written, revisions, durable, fromMs);
    } catch (error) {
      console.error(agent.log());
      throw error;
    } finally {
      await agent.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

function report({ writes }: MemberLoad, revisions: readonly bigint[], durable: DurableTimes, fromMs: number): void {
  const lags: number[] = [];
  for (const [index, revision] of revisions.entries()) {
    const [intendedMs = 0, endedMs = 0] = [writes.intendedMs[index], writes.endedMs[index]];
    if (intendedMs >= fromMs) lags.push((durable.atMs(revision) - endedMs) / 1000);
  }
  lags.sort((a, b) => a - b);
  const quantile = (share: number): number => lags[Math.ceil(lags.length * share) - 1] ?? Number.NaN;
  console.log(
    `  ${lags.length} writes, ${durable.segments} segments, longest ${quantile(1).toFixed(2)} s, load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(targetLine('delta lag, p50', quantile(0.5), 's', { atMost: mostP50Seconds }));
  console.log(targetLine('delta lag, p99', quantile(0.99), 's', { atMost: mostP99Seconds }));
}

/**
 * The revision of each write, in the order of their times: from the history, which etcd still has. Each key was put once before,
 * and then by the writes in turn.
 */
async function revisionsOf({ member, writes }: MemberLoad, client: MemberClient): Promise<readonly bigint[]> {
  const count = writes.intendedMs.length;
  if (writes.failures.some((failures) => failures > 0))
    throw new Error('a write failed: nothing can be said of its lag');
  const prefix = `/load/${member}/`;
  const seen = new Map<number, number>();
  const revisions: bigint[] = [];
  let found = 0;
  const range = { key: Buffer.from(prefix), rangeEnd: Buffer.from(`${prefix}~`), startRevision: 1n };
  for await (const { events } of client.watch(range)) {
    for (const { kv } of events) {
      const key = Number(kv.key.subarray(prefix.length).toString());
      const turn = seen.get(key) ?? 0;
      seen.set(key, turn + 1);
      if (turn === 0) continue;
      revisions[key + (turn - 1) * keysPerMember] = kv.modRevision;
      found += 1;
    }
    if (found >= count) break;
  }
  return revisions;
}

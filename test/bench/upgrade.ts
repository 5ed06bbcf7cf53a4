import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { JournaledStep } from '../../src/cluster/caretaking.ts';
import { parseSizeBytes } from '../../src/config/size.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { TendedCluster } from '../healing/tended-cluster.ts';
import { askOverSocket } from '../healing/tended-member.ts';
import { etcdVersion, findBinaries } from '../real/binaries.ts';
import { fillMember } from './backup/filled-member.ts';
import { targetLine } from './backup/target.ts';
import { machine } from './processes.ts';
import { type RetriedWrite, RetryingWrites } from './upgrade/retrying-writes.ts';

const options = {
  size: { type: 'string', default: '100MiB' },
  writes: { type: 'string', default: '200' },
  members: { type: 'string', default: '3' },
  /** Between two members, as the agents come. */
  settle: { type: 'string', default: '30s' },
} as const;

const entry = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const POLL_MS = 200;
const WITHIN_MS = 15 * 60_000;

interface Ended {
  readonly operation: string;
  readonly outcome: string;
  readonly summary: string;
  readonly seconds: number;
  readonly endedAtMs: number;
  readonly steps: readonly JournaledStep[];
}

/**
 * Upgrades a cluster of 3.4 to 3.5 with the agents of the built package, while a client that retries writes (`--writes` a second, to a database of `--size`): the longest
 * wait of a single write, for each step of the operation, and how many were never acknowledged.
 */
export async function upgrade(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options });
  const size = parseSizeBytes(values.size);
  if ('problem' in size) throw new Error(`--size ${values.size}: ${size.problem}`);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
  const to = etcdVersion('3.5');
  console.log(
    `upgrade: ${values.members} members from ${etcdVersion('3.4')} to ${to}, ${values.size}, ${values.writes} writes/s, on ${machine()}`,
  );
  const versionsFolder = await mkdtemp(join(tmpdir(), 'caretaker-versions-'));
  try {
    await symlink(dirname(findBinaries('3.5').etcd), join(versionsFolder, to));
    await using cluster = await TendedCluster.start({
      version: '3.4',
      members: Number(values.members),
      versionsFolder,
      main: entry,
      set: { 'maintenance.defrag.settle': values.settle },
    });
    await cluster.untilWell();
    await filled(cluster, size.value);
    await cluster.untilStored(300_000);
    const load = new RetryingWrites(
      cluster.members.map(({ endpoint }) => endpoint),
      Number(values.writes),
    );
    await sleep(10_000);
    await cluster.request('upgrade', undefined, to);
    const ended = await endOf(cluster);
    await sleep(5000);
    report(ended, await load.end());
  } finally {
    await rm(versionsFolder, { recursive: true, force: true });
  }
}

async function filled({ members: [first] }: TendedCluster, bytes: number): Promise<void> {
  const client = new MemberClient({ member: 'fill', endpoint: first?.endpoint ?? '', callTimeoutMs: 60_000 });
  try {
    await fillMember(client, bytes);
  } finally {
    client.close();
  }
}

async function endOf({ members }: TendedCluster): Promise<Ended> {
  const untilMs = performance.now() + WITHIN_MS;
  while (performance.now() < untilMs) {
    for (const { folder } of members) {
      const reply = await askOverSocket(join(folder, 'agent.sock'), '/api/v1/operations').catch(() => undefined);
      const { history = [] } = (reply ?? {}) as { readonly history?: readonly Ended[] };
      const found = history.find(({ operation }) => operation === 'upgrade');
      if (found !== undefined) return found;
    }
    await sleep(POLL_MS);
  }
  throw new Error('the upgrade has not ended');
}

function report({ outcome, summary, seconds, endedAtMs, steps }: Ended, writes: readonly RetriedWrite[]): void {
  console.log(`  ${outcome} after ${Number(seconds).toFixed(0)} s: ${summary}`);
  const [first] = steps;
  const spans = [
    { what: 'before', fromMs: 0, toMs: first?.atMs ?? endedAtMs },
    ...steps.map(({ name, detail, atMs }, index) => ({
      what: `${name}${detail === undefined ? '' : `, ${detail}`}`,
      fromMs: atMs,
      toMs: steps[index + 1]?.atMs ?? endedAtMs,
    })),
    { what: 'after', fromMs: endedAtMs, toMs: Number.POSITIVE_INFINITY },
  ];
  console.log(
    '\n| step | seconds | longest wait of a write that was under way | writes that took a second attempt |\n|---|---|---|---|',
  );
  for (const { what, fromMs, toMs } of spans) {
    const under = writes.filter(({ intendedAtMs, endedAtMs: end }) => intendedAtMs < toMs && end > fromMs);
    const longest = Math.max(0, ...under.map(({ intendedAtMs, endedAtMs: end }) => end - intendedAtMs));
    const again = under.filter(({ attempts }) => attempts > 1).length;
    const lasts = fromMs === 0 || toMs === Number.POSITIVE_INFINITY ? '' : ((toMs - fromMs) / 1000).toFixed(1);
    console.log(`| ${what} | ${lasts} | ${(longest / 1000).toFixed(2)} s | ${again} |`);
  }
  const lost = writes.filter(({ acknowledged }) => !acknowledged).length;
  console.log('');
  console.log(targetLine(`of ${writes.length} writes, never acknowledged`, lost, 'writes', { atMost: 0 }));
  if (outcome !== 'succeeded' || lost > 0) process.exitCode = 1;
}

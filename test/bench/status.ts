import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../real/cluster.ts';
import { startAgent } from './agent-under-test.ts';
import { machine } from './processes.ts';

const program = fileURLToPath(new URL('../../bin/etcd-caretaker', import.meta.url));
const defaultRuns = 40;

/**
 * How long `etcd-caretaker status` takes from its start to its end, beside Node that does nothing: with nothing compiled before, as after an
 * installation or where no folder for it can be had, and with what the start before has left. `--runs N` of each, one after the other in
 * turn, so that what else the machine does meets all of them. Target: 300 ms without anything compiled before.
 */
export async function status(args: readonly string[]): Promise<void> {
  const runs = Number(args[args.indexOf('--runs') + 1] ?? defaultRuns) || defaultRuns;
  console.log(`status: ${runs} starts of each on ${machine()}`);
  await using cluster = await startCluster({ members: 1 });
  const [member] = cluster.members;
  if (member === undefined) throw new Error('no member');
  const agent = await startAgent(member);
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-starts-'));
  try {
    const [cold, warm] = [join(folder, 'cold'), join(folder, 'warm')];
    const ask = [program, 'status', '--agent', agent.url];
    const rows: { readonly name: string; readonly ms: number[]; readonly once: () => Promise<number> }[] = [
      { name: 'node -e 0', ms: [], once: () => timed([process.execPath, '-e', '0'], cold) },
      {
        name: 'etcd-caretaker status, nothing compiled (at most 300 ms)',
        ms: [],
        once: async () => {
          await rm(cold, { recursive: true, force: true });
          await mkdir(cold, { mode: 0o700 });
          return await timed(ask, cold);
        },
      },
      { name: 'etcd-caretaker status, compiled by the start before', ms: [], once: () => timed(ask, warm) },
    ];
    await mkdir(warm, { mode: 0o700 });
    // The files are in the page cache, and the warm folder is filled.
    for (const { once } of rows) await once();
    if (!existsSync(join(warm, 'etcd-caretaker'))) throw new Error('nothing was kept compiled');
    for (let run = 0; run < runs; run += 1) {
      for (const { ms, once } of rows) ms.push(await once());
    }
    console.log(
      ['| start | median | p95 |', '|---|---|---|', ...rows.map(({ name, ms }) => rowOf(name, ms))].join('\n'),
    );
  } finally {
    await agent.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function rowOf(name: string, ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0)} ms`;
  return `| ${name} | ${at(0.5)} | ${at(0.95)} |`;
}

/** Milliseconds until the process has ended. @param cache the user's folder for what is kept compiled */
async function timed([file = '', ...args]: readonly string[], cache: string): Promise<number> {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const begunMs = performance.now();
  const child = spawn(file, args, { stdio: 'ignore', env: { ...env, XDG_CACHE_HOME: cache } });
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  const tookMs = performance.now() - begunMs;
  // A finding of the machine's own is an answer too.
  if (code !== 0 && code !== 1) throw new Error(`${file} ${args.join(' ')} ended with exit code ${code}`);
  return tookMs;
}

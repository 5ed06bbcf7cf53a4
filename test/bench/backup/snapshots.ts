import { execFile, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FullFigures } from './full-child.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('full-child.ts', import.meta.url));
/** What the agent gives itself when it starts (`agent/become-agent.ts`): memory is measured as it is in the agent. */
const agentFlags = ['--max-semi-space-size=1', '--v8-pool-size=1'];
const agentEnvironment = { MALLOC_ARENA_MAX: '2' };

/** Saves a snapshot with etcd's own tool, and takes it away again; seconds. */
export async function etcdctlSave(etcdctl: string, endpoint: string, path: string): Promise<number> {
  const startedMs = performance.now();
  await run(etcdctl, ['--endpoints', endpoint, 'snapshot', 'save', path], {
    env: { ...process.env, ETCDCTL_API: '3' },
  });
  const took = (performance.now() - startedMs) / 1000;
  await rm(path);
  return took;
}

/** Takes a full snapshot in a process of its own, into a folder that it takes away again. */
export async function takeInChild(
  endpoint: string,
  folder: string,
  encrypt: 'plain' | 'age',
  bytesPerSecond = Number.POSITIVE_INFINITY,
): Promise<FullFigures> {
  const child = spawn(process.execPath, [...agentFlags, script, endpoint, folder, encrypt, String(bytesPerSecond)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...agentEnvironment },
  });
  const figures = JSON.parse(await text(child.stdout)) as FullFigures;
  await rm(folder, { recursive: true });
  return figures;
}

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentPlan } from './agent-plan.ts';

/** Where the plan stands for the process's second life; taken out of the environment there at once. */
export const planVariable = 'ETCD_CARETAKER_PLAN';

/**
 * V8's young generation in MiB. The agent makes little garbage and keeps little; the default of 16 MiB halves only
 * grows its resident memory (measured: 7 MB).
 */
const youngGenerationMiB = 1;

/** V8 flags of a small node's agent: memory before speed, and no compiler at run time (measured: 15 MB). */
const edgeFlags = ['--lite-mode'] as const;

/**
 * Goes on as the agent, in this very process (same pid, same descriptors), by execve. What read and checked the
 * configuration, 10 MB with zod and yaml, is gone by that, and V8 starts with flags that cannot be set later.
 * Does not return.
 */
export function becomeAgent(plan: AgentPlan, args: readonly string[]): never {
  const entry = fileURLToPath(new URL(`../agent-main${extname(import.meta.url)}`, import.meta.url));
  const flags = [
    `--max-semi-space-size=${youngGenerationMiB}`,
    '--v8-pool-size=1',
    ...(plan.config.profile === 'edge' ? edgeFlags : []),
    // What the user gave comes last and wins.
    ...process.execArgv,
  ];
  const env = {
    // Glibc's arenas, one a thread, keep what is freed: two are enough here.
    MALLOC_ARENA_MAX: '2',
    // Calls that wait for a hung disk hold threads of libuv's pool; names and credentials need some of the others.
    UV_THREADPOOL_SIZE: '8',
    ...process.env,
    [planVariable]: JSON.stringify(plan),
  };
  if (process.execve === undefined) {
    throw new Error('this Node has no process.execve: run Node 24 on Linux');
  }
  process.execve(process.execPath, [process.execPath, ...flags, entry, ...args], env);
  throw new Error('execve came back');
}

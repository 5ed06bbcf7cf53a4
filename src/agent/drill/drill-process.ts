import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AgentError } from '../../cluster/agent-error.ts';
import type { ErrandResult } from '../caretaker/errands.ts';
import type { DrillPlan } from './drill-plan.ts';

/** So long it may take to clear its folder away when it is ended. */
const GRACE_MS = 30_000;

/** What it says beside its result is an error's; so much of it is kept. */
const MOST_WORDS = 2000;

/**
 * Makes a drill in a process of its own, at the lowest priority, that ends when this one does. Rejects with the signal's
 * reason once it has ended, and with `DRILL_DIED` where it ended without a result.
 */
export async function drillInProcess(plan: DrillPlan, signal: AbortSignal): Promise<ErrandResult> {
  signal.throwIfAborted();
  const entry = fileURLToPath(new URL(`../../drill-main${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, [entry], { stdio: 'pipe' });
  let [output, words] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    words = (words + piece).slice(-MOST_WORDS);
  });
  // Where it dies at once, the plan is written to nobody.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(plan)}\n`);
  const enough = new AbortController();
  const end = (): void => {
    child.kill('SIGTERM');
    void sleep(GRACE_MS, undefined, { signal: enough.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    );
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    return resultIn(output) ?? died(code, words);
  } finally {
    signal.removeEventListener('abort', end);
    enough.abort();
  }
}

/** Written by this very version. */
function resultIn(output: string): ErrandResult | undefined {
  const end = output.indexOf('\n');
  return end === -1 ? undefined : JSON.parse(output.slice(0, end));
}

function died(code: number | null, words: string): never {
  const said = words.trim().split('\n').at(-1) ?? '';
  const how = code === null ? 'it was killed' : `exit code ${code}`;
  throw new AgentError('DRILL_DIED', `The drill ended without a result (${how})${said === '' ? '' : `: ${said}`}`, {
    remedy: 'Look whether memory ran out (the kernel log says so): a drill needs twice the database.',
  });
}

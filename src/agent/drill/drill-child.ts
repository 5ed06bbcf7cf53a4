import { setPriority } from 'node:os';
import { faultOf } from '../../cluster/agent-error.ts';
import type { ErrandResult } from '../caretaker/errands.ts';
import type { DrillPlan } from './drill-plan.ts';

/** What is done at it waits for everything else on the machine. */
const LOWEST_PRIORITY = 19;

/**
 * The process of `drillInProcess`: makes the drill that the first line of the standard input asks for, and writes its result
 * as one line. The end of the input, when the agent has died, ends it, and so does SIGTERM; its folder is cleared away first.
 */
export async function drillChild(): Promise<void> {
  setPriority(LOWEST_PRIORITY);
  const ending = new AbortController();
  const end = (): void => ending.abort(new Error('the drill was ended'));
  process.on('SIGTERM', end);
  const result = await made(planFrom(process.stdin, end), ending.signal);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.stdin.destroy();
}

async function made(plan: Promise<DrillPlan>, signal: AbortSignal): Promise<ErrandResult> {
  try {
    const { makeDrill } = await import('./make-drill.ts');
    return await makeDrill(await plan, signal);
  } catch (error) {
    const { code, message } = faultOf(error);
    return { outcome: 'failed', code, summary: message, figures: {} };
  }
}

function planFrom(input: NodeJS.ReadStream, onEnd: () => void): Promise<DrillPlan> {
  const { promise, resolve, reject } = Promise.withResolvers<DrillPlan>();
  let head = '';
  input.setEncoding('utf8');
  input.on('data', (piece: string) => {
    head += piece;
    const end = head.indexOf('\n');
    if (end !== -1) resolve(JSON.parse(head.slice(0, end)));
  });
  for (const event of ['end', 'error']) {
    input.on(event, () => {
      onEnd();
      reject(new Error('no plan came'));
    });
  }
  return promise;
}

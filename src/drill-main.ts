import { setPriority } from 'node:os';
import type { DrillPlan } from './agent/drill/drill-plan.ts';
import { faultOf } from './cluster/agent-error.ts';

/**
 * A drill in a process of its own, so that it takes neither memory nor time from the agent beside etcd: see
 * `agent/drill/drill-process.ts`. The plan is the first line of the standard input; its end, when the agent has died, ends it.
 */
const LOWEST_PRIORITY = 19;

setPriority(LOWEST_PRIORITY);
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());
const { promise, resolve } = Promise.withResolvers<DrillPlan>();
let head = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (piece: string) => {
  head += piece;
  const end = head.indexOf('\n');
  if (end !== -1) resolve(JSON.parse(head.slice(0, end)));
});
process.stdin.on('end', () => ending.abort());
process.stdin.on('error', () => ending.abort());
try {
  const plan = await promise;
  const { makeDrill } = await import('./agent/drill/make-drill.ts');
  const result = await makeDrill(plan, ending.signal);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  const { code, message } = faultOf(error);
  process.stdout.write(`${JSON.stringify({ outcome: 'failed', code, summary: message, figures: {} })}\n`);
}
process.stdin.destroy();

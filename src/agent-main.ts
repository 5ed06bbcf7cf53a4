import type { AgentPlan } from './agent/agent-plan.ts';
import { planVariable } from './agent/become-agent.ts';
import { runAgent } from './agent/run-agent.ts';
import { endProcess } from './cli/end-process.ts';
import { exitCodeOf } from './cli/exit-codes.ts';
import { reportError } from './cli/report-error.ts';

/** The second life of `etcd-caretaker agent`: see `agent/become-agent.ts`. */
const text = process.env[planVariable] ?? '';
delete process.env[planVariable];
try {
  if (text === '') {
    throw new Error('This is started by `etcd-caretaker agent --config FILE`, not by hand.');
  }
  const plan: AgentPlan = JSON.parse(text);
  await runAgent(plan);
} catch (error) {
  reportError(error, { debug: process.argv.includes('--debug') });
  process.exitCode = exitCodeOf(error);
}
await endProcess();

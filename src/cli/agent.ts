import { Command } from 'commander';
import { planOf } from '../agent/agent-plan.ts';
import { becomeAgent } from '../agent/become-agent.ts';
import { configFlags, flagsOf } from './config-flags.ts';

/** `agent`: runs beside one member until it is told to stop. */
export function agentCommand(): Command {
  const command = new Command('agent')
    .description('run beside one member')
    .addHelpText('after', '\nExample:\n  etcd-caretaker agent --config /etc/etcd-caretaker/agent.yaml');
  return configFlags(command).action(async (options: Readonly<Record<string, unknown>>) => {
    const { loadConfig } = await import('../config/load.ts');
    const loaded = await loadConfig({ ...flagsOf(options), env: process.env });
    becomeAgent(planOf(loaded), process.argv.slice(2));
  });
}

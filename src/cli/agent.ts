import { Command } from 'commander';
import { configFlags, flagsOf } from './config-flags.ts';

/** `agent`: runs beside one member until it is told to stop. */
export function agentCommand(): Command {
  const command = new Command('agent')
    .description('run beside one member')
    .addHelpText('after', '\nExample:\n  etcd-caretaker agent --config /etc/etcd-caretaker/agent.yaml');
  return configFlags(command).action(async (options: Readonly<Record<string, unknown>>) => {
    const [{ loadConfig }, { runAgent }] = await Promise.all([
      import('../config/load.ts'),
      import('../agent/run-agent.ts'),
    ]);
    await runAgent(await loadConfig({ ...flagsOf(options), env: process.env }));
  });
}

import type { Command } from 'commander';
import { AgentError } from '../cluster/agent-error.ts';
import { type AgentOptions, agentOptions } from './agent-options.ts';
import { configFlags } from './config-flags.ts';
import { type Format, outputOption } from './show.ts';

/** What `pause` and `resume` have in common. */
export interface PauseOptions extends AgentOptions {
  readonly local?: boolean;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly output: Format;
}

/** Adds `--local`, `-o`, and what says which agents are meant: through the API, or by their configuration. */
export function pauseOptions(command: Command, local: string): Command {
  return configFlags(agentOptions(outputOption(command.option('--local', local))));
}

/** Refuses what cannot go together, so that nobody takes one agent's pause for the cluster's. Throws `USAGE`. */
export function checkPauseOptions({ local, agent, config, set }: PauseOptions): void {
  if (local === true && agent !== undefined) {
    throw new AgentError(
      'USAGE',
      '--local writes a file on this machine and asks no agent: --agent does not belong to it.',
      {
        remedy: 'Name the agents by --config FILE, or by --dir FOLDER those of a demo.',
      },
    );
  }
  if (local !== true && (config ?? set) !== undefined) {
    throw new AgentError('USAGE', '--config and --set belong to --local: without it the agents are asked.', {
      remedy: 'Name the agent to ask by --agent URL, or add --local.',
    });
  }
}

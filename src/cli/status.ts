import { Command, Option } from 'commander';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { AsJson } from '../expose/as-json.ts';
import type { Status } from '../expose/status.ts';
import type { AgentClient } from './agent-client.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { exitCodes } from './exit-codes.ts';
import { ifLostText, isFaulty, statusText } from './status-text.ts';

interface StatusOptions extends AgentOptions {
  readonly ifLost?: string;
  readonly output: 'table' | 'json' | 'yaml';
}

/** `status`: the cluster as an agent sees it. */
export function statusCommand(): Command {
  const command = new Command('status')
    .description('the cluster as the agents see it: members, roles, lag, quota, findings')
    .option('--if-lost <member>', 'also say what would be left without this member')
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    )
    .addHelpText(
      'after',
      '\nExit code 0: healthy; 1: something is wrong; 3: no agent answers.\n\nExamples:\n  etcd-caretaker status\n  etcd-caretaker status --agent unix:/run/etcd-caretaker/m1.sock --if-lost m2',
    );
  return agentOptions(command).action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const seen = await ask(await agentsOf(options));
  const forecast = options.ifLost === undefined ? undefined : ifLostText(seen, options.ifLost);
  if (options.ifLost !== undefined && forecast === undefined) {
    const names = seen.members
      .map(({ name, id }) => (name === '' ? id : name))
      .sort()
      .join(', ');
    throw new AgentError('USAGE', `There is no member ${options.ifLost}.`, {
      remedy: names === '' ? 'Wait until the agent knows the member list.' : `Name one of ${names}.`,
    });
  }
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify(seen, null, 2)}\n`);
  } else if (options.output === 'yaml') {
    const { stringify } = await import('yaml');
    process.stdout.write(stringify(seen));
  } else {
    process.stdout.write(statusText(seen, Date.now()));
  }
  if (forecast !== undefined) {
    (options.output === 'table' ? process.stdout : process.stderr).write(`\n${forecast}`);
  }
  process.exitCode = isFaulty(seen) ? exitCodes.fault : exitCodes.fine;
}

/** The answer of the first agent that has the member list from a member, else of one that remembers it, else of any. */
async function ask(agents: readonly AgentClient[]): Promise<AsJson<Status>> {
  const outcomes = await Promise.allSettled(
    agents.map(async (agent) => statusOfReply(agent.url, await agent.get('/api/v1/status'))),
  );
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const knowing = answers.filter(({ quorum }) => quorum !== undefined);
  const best = knowing.find(({ cluster }) => cluster.listAgeSeconds === undefined) ?? knowing[0] ?? answers[0];
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (best === undefined) {
    throw failed[0];
  }
  for (const error of failed) {
    process.stderr.write(`note: ${faultOf(error).message}\n`);
  }
  return best;
}

function statusOfReply(url: string, json: unknown): AsJson<Status> {
  if (typeof json === 'object' && json !== null && 'agent' in json && 'members' in json && 'findings' in json) {
    return json as AsJson<Status>;
  }
  throw new AgentError('AGENT_UNREACHABLE', `What answers at ${url} is no agent of this version.`, {
    remedy: 'Check the port, and that agent and command line are of the same version.',
  });
}

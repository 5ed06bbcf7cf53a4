import { Command } from 'commander';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { AsJson } from '../expose/as-json.ts';
import type { Status } from '../expose/status.ts';
import type { AgentClient } from './agent-client.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { exitCodes } from './exit-codes.ts';
import type { Note } from './note.ts';
import { type Format, outputOption, type Shown } from './show.ts';
import { ifLostText, isFaulty, statusText } from './status-text.ts';
import { showOrWatch, type WatchOptions, watchOption } from './watch.ts';

interface StatusOptions extends AgentOptions, WatchOptions {
  readonly ifLost?: string;
  readonly output: Format;
}

/** `status`: the cluster as an agent sees it. */
export function statusCommand(): Command {
  const command = new Command('status')
    .description('the cluster as the agents see it: members, roles, lag, quota, findings')
    .option('--if-lost <member>', 'also say what would be left without this member')
    .addHelpText(
      'after',
      '\nExit code 0: healthy; 1: something is wrong; 3: no agent answers.\n\nExamples:\n  etcd-caretaker status\n  etcd-caretaker status --agent unix:/run/etcd-caretaker/m1.sock --if-lost m2\n  etcd-caretaker status --watch',
    );
  return agentOptions(watchOption(outputOption(command))).action(async (options: StatusOptions) => {
    const agents = await agentsOf(options);
    await showOrWatch((note) => status(agents, options, note), options);
  });
}

async function status(agents: readonly AgentClient[], options: StatusOptions, note: Note): Promise<Shown> {
  const seen = await ask(agents, note);
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
  return {
    text: (look) => statusText(seen, Date.now(), look),
    data: seen,
    exitCode: isFaulty(seen) ? exitCodes.fault : exitCodes.fine,
    ...(forecast === undefined ? {} : { aside: () => `\n${forecast}` }),
  };
}

/** The answer of the first agent that has the member list from a member, else of one that remembers it, else of any. */
async function ask(agents: readonly AgentClient[], note: Note): Promise<AsJson<Status>> {
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
    note(faultOf(error).message);
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

import { Command, InvalidArgumentError, Option } from 'commander';
import { AgentError } from '../cluster/agent-error.ts';
import type { KeyspaceSection } from '../cluster/sections.ts';
import type { AgentClient } from './agent-client.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { likelyHolder } from './keyspace-holder.ts';
import { keyspaceReport, keyspaceText } from './keyspace-text.ts';
import type { AsJson } from './status-text.ts';

interface KeyspaceCommandOptions extends AgentOptions {
  readonly depth?: number;
  readonly output: 'table' | 'json' | 'yaml';
}

interface Answer {
  readonly url: string;
  readonly section: AsJson<KeyspaceSection>;
}

/** `keyspace`: who fills etcd. */
export function keyspaceCommand(): Command {
  const command = new Command('keyspace')
    .description('keys, bytes and writes per second by prefix: who fills etcd')
    .option('--depth <n>', "path elements of a prefix (default: the agent's observe.keyspace.depth)", parseDepth)
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    )
    .addHelpText(
      'after',
      '\nOne agent of a cluster keeps the totals. Any agent says which; where agents listen on their usual ports, that one is\nasked by itself, else name several, and the one that has the totals answers.\n\nExample:\n  etcd-caretaker keyspace --depth 3 --agent http://127.0.0.1:9379',
    );
  return agentOptions(command).action(keyspace);
}

async function keyspace(options: KeyspaceCommandOptions): Promise<void> {
  const agents = await agentsOf(options);
  const { url, section } = await followed(await ask(agents), agents, options);
  const depth = options.depth ?? Number(section.depth);
  const report = keyspaceReport(url, section, depth);
  if (report === undefined) {
    throw section.phase === 'waiting' ? elsewhere(url, section) : tooDeep(depth, section.levels.length);
  }
  if (options.output === 'table') {
    process.stdout.write(keyspaceText(report));
    return;
  }
  const { stringify } = await import('yaml');
  process.stdout.write(options.output === 'yaml' ? stringify(report) : `${JSON.stringify(report, null, 2)}\n`);
}

/** The answer that says most. Throws the first failure where nobody answers. */
async function ask(agents: readonly AgentClient[]): Promise<Answer> {
  const outcomes = await Promise.allSettled(
    agents.map(
      async (agent): Promise<Answer> => ({
        url: agent.url,
        section: sectionOf(agent.url, await agent.get('/api/v1/keyspace')),
      }),
    ),
  );
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const order: readonly string[] = ['current', 'scanning', 'waiting'];
  const [best] = answers.toSorted((a, b) => order.indexOf(a.section.phase) - order.indexOf(b.section.phase));
  if (best === undefined) {
    throw outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  }
  return best;
}

/** Where the agent that answered names another one: that one's answer, if it is where agents usually are. */
async function followed(answer: Answer, agents: readonly AgentClient[], options: AgentOptions): Promise<Answer> {
  const { heldBy } = answer.section;
  const asked = agents.find(({ url }) => url === answer.url);
  if (answer.section.phase !== 'waiting' || heldBy === undefined || asked === undefined) {
    return answer;
  }
  try {
    const likely = likelyHolder(answer.url, await asked.get('/api/v1/observation'), heldBy);
    const other = likely === undefined ? answer : await ask(await agentsOf({ ...options, agent: likely }));
    return other.section.phase === 'waiting' ? answer : other;
  } catch {
    // It was a guess: what counts is that the first agent does not have the totals.
    return answer;
  }
}

function sectionOf(url: string, json: unknown): AsJson<KeyspaceSection> {
  if (typeof json === 'object' && json !== null && 'phase' in json && 'levels' in json && Array.isArray(json.levels)) {
    return json as AsJson<KeyspaceSection>;
  }
  throw new AgentError('AGENT_UNREACHABLE', `What answers at ${url} is no agent of this version.`, {
    remedy: 'Check the port, and that agent and command line are of the same version.',
  });
}

function elsewhere(url: string, { heldBy, waitingFor = 'nothing' }: AsJson<KeyspaceSection>): AgentError {
  if (heldBy === undefined) {
    return new AgentError('KEYSPACE_WAITING', `The agent at ${url} keeps no totals yet: it waits for ${waitingFor}.`, {
      remedy: 'Try again in some seconds.',
    });
  }
  return new AgentError(
    'AGENT_UNREACHABLE',
    `The agent at ${url} does not keep the totals; that of ${heldBy.member} does.`,
    {
      remedy: `Ask the agent beside ${heldBy.member}: --agent URL. With the URLs of all agents, separated by commas, the right one answers.`,
    },
  );
}

function tooDeep(depth: number, kept: number): AgentError {
  return new AgentError('USAGE', `The agent keeps prefixes of up to ${kept} path elements, not ${depth}.`, {
    remedy: 'Ask for less, or raise observe.keyspace.depth in its configuration.',
  });
}

function parseDepth(text: string): number {
  const depth = Number(text);
  if (!Number.isInteger(depth) || depth < 1) {
    throw new InvalidArgumentError('It is a whole number from 1.');
  }
  return depth;
}

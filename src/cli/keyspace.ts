import { Command, InvalidArgumentError } from 'commander';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { KeyspaceSection } from '../cluster/sections.ts';
import type { AsJson } from '../expose/as-json.ts';
import type { AgentClient } from './agent-client.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { likelyHolder } from './keyspace-holder.ts';
import { keyspaceReport, keyspaceText } from './keyspace-text.ts';
import { type Format, outputOption, type Shown } from './show.ts';
import { showOrWatch, type WatchOptions, watchOption } from './watch.ts';

interface KeyspaceCommandOptions extends AgentOptions, WatchOptions {
  readonly depth?: number;
  readonly output: Format;
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
    .addHelpText(
      'after',
      '\nOne agent of a cluster keeps the totals. Name several with commas, and the one that has them answers. Any agent says\nbeside which member it is to be; where agents listen on their usual ports (9379\nbeside 2379, or as in a demo), that one is asked too, without credentials.\n\nExamples:\n  etcd-caretaker keyspace --agent http://127.0.0.1:9379,http://127.0.0.1:9389\n  etcd-caretaker keyspace --depth 3 --dir /tmp/demo\n  etcd-caretaker keyspace --watch 5',
    );
  return agentOptions(watchOption(outputOption(command))).action(async (options: KeyspaceCommandOptions) => {
    const agents = await agentsOf(options);
    await showOrWatch(() => keyspace(agents, options), options);
  });
}

async function keyspace(agents: readonly AgentClient[], options: KeyspaceCommandOptions): Promise<Shown> {
  const answer = await ask(agents);
  const likely = await whereLikely(answer, agents);
  const guess = likely === undefined ? undefined : await guessed(likely, options);
  const { url, section } = guess?.answer ?? answer;
  const depth = options.depth ?? Number(section.depth);
  const report = keyspaceReport(url, section, depth);
  if (report === undefined) {
    throw section.phase === 'waiting' ? elsewhere(url, section, guess?.url) : tooDeep(depth, section.levels.length);
  }
  return { text: (look) => keyspaceText(report, look), data: report };
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

/** Where the agent that the answer names is likely to be; undefined where it names none or that cannot be told. */
async function whereLikely({ url, section }: Answer, agents: readonly AgentClient[]): Promise<string | undefined> {
  const { heldBy, phase } = section;
  const asked = agents.find((agent) => agent.url === url);
  if (phase !== 'waiting' || heldBy === undefined || asked === undefined) {
    return undefined;
  }
  const observation = await asked.get('/api/v1/observation').catch(() => undefined);
  return likelyHolder(url, observation, heldBy);
}

/** An agent that answers where nobody has told us that there is one. */
interface Guess {
  readonly url: string;
  /** Absent where it keeps no totals, or does not say so to strangers. */
  readonly answer?: Answer;
}

/**
 * The agent at a guessed URL; undefined where none answers. Anybody may listen there, so it sees neither the token nor
 * the certificate: these go to no one but whom the user has named.
 */
async function guessed(url: string, { ca }: AgentOptions): Promise<Guess | undefined> {
  const agents = await agentsOf({ agent: url, ...(ca === undefined ? {} : { ca }) }, {});
  try {
    const answer = await ask(agents);
    return answer.section.phase === 'waiting' ? { url } : { url, answer };
  } catch (error) {
    return faultOf(error).code === refusal ? { url } : undefined;
  }
}

/** How an agent refuses who shows nothing. */
const refusal = 'CREDENTIALS_REQUIRED';

function sectionOf(url: string, json: unknown): AsJson<KeyspaceSection> {
  if (typeof json === 'object' && json !== null && 'phase' in json && 'levels' in json && Array.isArray(json.levels)) {
    return json as AsJson<KeyspaceSection>;
  }
  throw new AgentError('AGENT_UNREACHABLE', `What answers at ${url} is no agent of this version.`, {
    remedy: 'Check the port, and that agent and command line are of the same version.',
  });
}

function elsewhere(
  url: string,
  { heldBy, waitingFor = 'nothing' }: AsJson<KeyspaceSection>,
  holder: string | undefined,
): AgentError {
  if (heldBy === undefined) {
    return new AgentError('KEYSPACE_WAITING', `The agent at ${url} keeps no totals yet: it waits for ${waitingFor}.`, {
      remedy: 'Try again in some seconds; observe.keyspace.scanner decides which agents may keep the totals.',
    });
  }
  const { member } = heldBy;
  const which =
    holder === undefined
      ? `Ask the agent beside ${member}: name all agents, --agent URL,URL, or a demo's folder, --dir FOLDER, and the right one answers.`
      : `Ask the agent beside ${member}: --agent ${holder}. With the URLs of all agents, separated by commas, the right one answers.`;
  return new AgentError(
    'AGENT_UNREACHABLE',
    `The agent at ${url} does not keep the totals; they would be kept by the agent of ${member}.`,
    { remedy: `${which} Where ${member} has no agent, set observe.keyspace.scanner: always for another one.` },
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

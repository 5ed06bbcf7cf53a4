import { type Command, Option } from 'commander';
import { AgentClient } from './agent-client.ts';
import { readDemo } from './demo-agents.ts';
import { readNamedFile } from './named-file.ts';

/** Where the agent beside a member with etcd's default port listens. */
const DEFAULT_URL = 'http://127.0.0.1:9379';

/** What `agentOptions` adds to a command's options. */
export interface AgentOptions {
  readonly agent?: string;
  readonly dir?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Adds the options of every command that asks an agent. */
export function agentOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--agent <url>',
        `agent to ask: http://, https:// or unix:/path; several with commas (default: ETCD_CARETAKER_AGENT, or ${DEFAULT_URL})`,
      ),
    )
    .option('--dir <folder>', 'ask the agents of the demo in this folder')
    .option(
      '--token-file <file>',
      "file with the API's token (default: the token in ETCD_CARETAKER_TOKEN, or the file in ETCD_CARETAKER_TOKEN_FILE)",
    )
    .option('--ca <file>', "CA of the agent's certificate")
    .option('--cert <file>', 'own certificate, with --key')
    .option('--key <file>', 'key of the own certificate');
}

/**
 * The agents that the options and the environment name, at least one; the first is the one to ask where one is enough.
 * Throws `USAGE` where a file cannot be read or a URL is none.
 */
export async function agentsOf(
  options: AgentOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly [AgentClient, ...AgentClient[]]> {
  const demo = options.dir === undefined || options.agent !== undefined ? undefined : await readDemo(options.dir);
  const urls = demo?.agents.map(({ url }) => url) ?? split(options.agent ?? env['ETCD_CARETAKER_AGENT'] ?? '');
  const [ca, cert, key, tokenFile] = await Promise.all([
    readIfNamed(options.ca),
    readIfNamed(options.cert),
    readIfNamed(options.key),
    readIfNamed(tokenFileOf(options, env)),
  ]);
  const token = tokenFile?.trim() ?? env['ETCD_CARETAKER_TOKEN'] ?? demo?.token;
  const access = Object.fromEntries(
    Object.entries({ token, ca, cert, key }).filter(([, value]) => value !== undefined),
  );
  const [first = DEFAULT_URL, ...others] = urls;
  return [new AgentClient({ url: first, ...access }), ...others.map((url) => new AgentClient({ url, ...access }))];
}

/** What stands in the environment itself goes before a file that it names. */
function tokenFileOf({ tokenFile }: AgentOptions, env: NodeJS.ProcessEnv): string | undefined {
  return tokenFile ?? (env['ETCD_CARETAKER_TOKEN'] === undefined ? env['ETCD_CARETAKER_TOKEN_FILE'] : undefined);
}

function split(urls: string): readonly string[] {
  return urls
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '');
}

async function readIfNamed(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : await readNamedFile(file);
}

import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { within } from '../abort/linked-abort.ts';
import { AgentError } from '../cluster/agent-error.ts';
import { type HistoryEntry, operationNames } from '../cluster/caretaking.ts';
import { parseDurationMs } from '../config/duration.ts';
import type { AsJson } from '../expose/as-json.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { type Agents, askOne } from './any-agent.ts';
import { type DecisionsJson, decisionReply, decisionsReply, operationsReply, requestId } from './caretaking-reply.ts';
import { decisionText } from './decision-text.ts';
import { exitCodes } from './exit-codes.ts';
import { memberNames } from './member-names.ts';
import { printed } from './printed.ts';
import { requester } from './requester.ts';
import { follow } from './run/follow.ts';
import { outcomeText } from './run/outcome-text.ts';
import { type Format, outputOption, show } from './show.ts';
import { Spinner } from './spinner.ts';

const PATH = '/api/v1/operations';
const DECISIONS_PATH = '/api/v1/decisions';
const POLL_MS = 1000;
const READ_TIMEOUT_MS = 10_000;

interface RunOptions extends AgentOptions {
  readonly member?: string;
  readonly to?: string;
  readonly rehearse?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
  readonly output: Format;
}

/** `run`: asks the leading agent for one operation, and follows it. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('ask the leading agent for an operation now, and follow it to its end')
    .addArgument(
      // The agent knows which operations there are, and says so; these are offered by completion.
      new Argument('<operation>', 'the operation').choices([...operationNames]).argParser(String),
    )
    .option('--member <name>', 'on this member, by name or id (default: those that need it)')
    .option('--to <version>', 'the version of etcd that an upgrade is to come to, such as 3.5.30')
    .option('--rehearse', 'try an upgrade first, on the newest backup restored on one of the machines')
    .option('--dry-run', 'only say what would be done, and why')
    .option('--no-wait', 'do not follow it: print its id')
    .addOption(
      new Option('--timeout <duration>', 'follow it for so long at most')
        .argParser(parseTimeout)
        .default(30 * 60_000, '30m'),
    )
    .addHelpText(
      'after',
      `
It passes windows, cool-downs and the daily budget, never what keeps the cluster safe. Ctrl-C ends the following, not the
operation. Exit codes: 0 it succeeded (or would be done); 1 it was refused, stopped or failed, or goes on after --timeout;
2 the command line.

Examples:
  etcd-caretaker run defrag --dry-run
  etcd-caretaker run defrag --member m2
  etcd-caretaker run compaction --no-wait
  etcd-caretaker run replace --member m2
  etcd-caretaker run leave --member m4
  etcd-caretaker run restart --member m2
  etcd-caretaker run upgrade --to 3.5.30 --dry-run`,
    );
  return agentOptions(outputOption(command)).action(run);
}

async function run(operation: string, options: RunOptions): Promise<void> {
  refuseStrayOptions(operation, options);
  const agents = await agentsOf(options);
  const { member, to, rehearse, output } = options;
  const wanted = {
    operation,
    ...(member === undefined ? {} : { member }),
    ...(to === undefined ? {} : { to }),
    ...(rehearse === true ? { rehearse } : {}),
    by: requester(),
  };
  if (options.dryRun === true) {
    await dryRun(agents, wanted, output);
    return;
  }
  const id = await askOne(agents, async (agent) => requestId(agent.url, await agent.post(PATH, wanted)));
  if (!options.wait) {
    process.stdout.write(output === 'table' ? `${id}\n` : await printed({ id }, output));
    return;
  }
  const ended = await followed(agents, { id, operation }, options.timeout);
  const exitCode = ended.outcome === 'succeeded' ? exitCodes.fine : exitCodes.fault;
  await show({ text: (look) => outcomeText(ended, look), data: ended, exitCode }, output);
}

/** Before an agent is asked: what an upgrade needs, and what nothing else has. */
function refuseStrayOptions(operation: string, { to, rehearse }: RunOptions): void {
  if (operation === 'upgrade') {
    if (to !== undefined && /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(to)) return;
    const message = to === undefined ? 'An upgrade needs `--to`.' : `--to ${to} is no version of etcd.`;
    throw new AgentError('USAGE', message, { remedy: 'Say the version that it is to come to, such as --to 3.5.30.' });
  }
  const stray = to !== undefined ? '--to' : rehearse === true ? '--rehearse' : undefined;
  if (stray === undefined) return;
  throw new AgentError('USAGE', `${stray} is for an upgrade, and not for ${operation}.`, {
    remedy: 'Leave it out.',
  });
}

async function dryRun(agents: Agents, wanted: object, output: RunOptions['output']): Promise<void> {
  await askOne(agents, async (agent) => {
    const decision = decisionReply(agent.url, await agent.post(PATH, { ...wanted, dryRun: true }));
    const nameOf = output === 'table' ? await memberNames(agent) : String;
    const exitCode = decision.decision === 'act' ? exitCodes.fine : exitCodes.fault;
    await show({ text: ({ paint }) => decisionText(decision, nameOf, paint), data: decision, exitCode }, output);
  });
}

/** Throws `INTERRUPTED` on Ctrl-C, and `STILL_UNDER_WAY` after the timeout: the operation goes on in both cases. */
async function followed(
  agents: Agents,
  { id, operation }: { readonly id: string; readonly operation: string },
  timeoutMs: number,
): Promise<AsJson<HistoryEntry>> {
  const end = new AbortController();
  const remedy = `Look with \`etcd-caretaker explain\`; its end will be in the history (GET ${PATH}) as ${id}.`;
  const interrupt = (): void =>
    end.abort(new AgentError('INTERRUPTED', 'Not followed any more; what was asked for goes on.', { remedy }));
  const timer = setTimeout(() => {
    end.abort(new AgentError('STILL_UNDER_WAY', 'It has not ended in time; what was asked for goes on.', { remedy }));
  }, timeoutMs);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  using spinner = new Spinner(`waiting for the end of ${operation}; Ctrl-C leaves it alone`);
  try {
    return await follow({
      id,
      read: () => inTurn(agents, end.signal, PATH, operationsReply),
      heldBy: async () => heldBy(await inTurn(agents, end.signal, DECISIONS_PATH, decisionsReply), operation),
      say: (line) => spinner.say(line),
      nameOf: await memberNames(agents[0]),
      pollMs: POLL_MS,
      signal: end.signal,
    });
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Any agent knows all of it, as long as its member answers. */
async function inTurn<T>(
  agents: Agents,
  signal: AbortSignal,
  path: string,
  replyOf: (url: string, json: unknown) => T,
): Promise<T> {
  let failure: unknown;
  for (const agent of agents) {
    try {
      const json = await within([signal], READ_TIMEOUT_MS, (until) => agent.get(path, until));
      return replyOf(agent.url, json);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** The oldest request's decision stands before those of the policies, so it is the first one of its name. */
function heldBy({ decisions }: DecisionsJson, operation: string): string | undefined {
  const decision = decisions.find(({ policy }) => policy === operation);
  return decision?.decision === 'act' ? undefined : decision?.reasons[0]?.message;
}

function parseTimeout(text: string): number {
  const parsed = parseDurationMs(text);
  if ('problem' in parsed || parsed.value <= 0 || parsed.value >= 2 ** 31) {
    throw new InvalidArgumentError('Expected a duration such as 30m, of 24 days at most.');
  }
  return parsed.value;
}

import { Command, InvalidArgumentError, Option } from 'commander';
import { AgentError } from '../cluster/agent-error.ts';
import { parseDurationMs } from '../config/duration.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { untilInterrupted } from './backup/interrupted.ts';
import { type Format, outputOption } from './show.ts';

interface TopOptions extends AgentOptions {
  readonly once?: boolean;
  readonly output: Format;
  readonly interval: number;
}

/** Never more than 4 redraws a second. */
const SHORTEST_INTERVAL_MS = 250;

/** `top`: the cluster, live in the terminal. */
export function topCommand(): Command {
  const command = new Command('top')
    .description('live in the terminal: members, latencies, the operation under way, findings, busiest prefixes')
    .addOption(
      new Option('--interval <duration>', 'redraw at most this often, 250ms or more')
        .argParser(parseInterval)
        .default(1000, '1s'),
    )
    .option('--once', 'print what there is now as text, and end')
    .addHelpText(
      'after',
      `
Keys: q quit, p let the screen stand still, tab and arrows sort, d depth of the prefixes, ? help.
Where several agents are named, the next one is asked when one stops to answer. Where the output is no terminal, it does what --once does.
Exit code 0, whatever it shows; 3: no agent answers; 130, 143 after Ctrl-C, SIGTERM.

Examples:
  etcd-caretaker top --dir /tmp/demo
  etcd-caretaker top --agent https://db1:9379,https://db2:9379 --token-file /etc/etcd-caretaker/token
  etcd-caretaker top --once -o json | jq .status.quorum`,
    );
  return agentOptions(outputOption(command)).action(top);
}

async function top(options: TopOptions): Promise<void> {
  if (options.output !== 'table' && options.once !== true) {
    throw new AgentError('USAGE', `-o ${options.output} belongs to --once: what is live is for people.`, {
      remedy: 'Add --once.',
    });
  }
  const agents = await agentsOf(options);
  // Only a terminal that can move its cursor can be redrawn.
  const isScreen = process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  if (options.once === true || !isScreen) {
    if (options.once !== true)
      process.stderr.write('note: stdout is no terminal that can be redrawn: once, as with --once\n');
    const { once } = await import('./top/once.ts');
    await untilInterrupted('Interrupted.', (signal) => once(agents, options.output, signal));
    return;
  }
  const { live } = await import('./top/live.ts');
  process.exitCode = await live(agents, options.interval);
}

function parseInterval(text: string): number {
  const parsed = parseDurationMs(text);
  if (!('value' in parsed)) throw new InvalidArgumentError(`Write it as 500ms or 2s: ${parsed.problem}.`);
  if (parsed.value < SHORTEST_INTERVAL_MS) throw new InvalidArgumentError('It is 250ms or more.');
  return parsed.value;
}

import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { formatDurationMs, parseDurationMs } from '../config/duration.ts';
import { agentsOf } from './agent-options.ts';
import { askOne } from './any-agent.ts';
import { formatInstant } from './instant.ts';
import { pauseFilesOf } from './pause-files.ts';
import { checkPauseOptions, type PauseOptions, pauseOptions } from './pause-options.ts';
import { requester } from './requester.ts';
import { show } from './show.ts';

/** A shorter pause is over before anybody has looked; a longer one is forgotten. */
const SHORTEST_MS = 60_000;
const LONGEST_MS = 30 * 86_400_000;

interface PauseCommandOptions extends PauseOptions {
  readonly for: number;
  readonly reason: string;
}

/** `pause`: holds all operations, in the whole cluster or by a file beside one agent. */
export function pauseCommand(): Command {
  const command = new Command('pause')
    .description('hold all operations for a while, in the whole cluster')
    .requiredOption('--for <duration>', 'how long, from 1m to 30d, such as 2h', parseLength)
    .requiredOption('--reason <text>', 'why: everybody who looks will read it', parseReason);
  return pauseOptions(command, "only this machine's agent, by a file that it reads before every step")
    .addHelpText(
      'after',
      `
An operation under way stops before its next step. The pause ends by itself, or by \`resume\`. --local works also while
etcd cannot be written: name the agent by --config, or by --dir the agents of a demo.

Examples:
  etcd-caretaker pause --for 2h --reason "the storage is being moved"
  etcd-caretaker pause --for 30m --reason "no quorum, looking into it" --local --config /etc/etcd-caretaker/agent.yaml`,
    )
    .action(pause);
}

async function pause(options: PauseCommandOptions): Promise<void> {
  checkPauseOptions(options);
  if (options.local === true) {
    await pauseHere(options);
    return;
  }
  const { reason, for: forMs } = options;
  const wanted = { reason, for: formatDurationMs(forMs), by: requester() };
  const data = await askOne(await agentsOf(options), (agent) => agent.post('/api/v1/pause', wanted));
  const until = formatInstant(Date.now() + forMs);
  const text = `All operations are paused until about ${until}: ${reason}\nTo end it: etcd-caretaker resume\n`;
  await show({ text: () => text, data }, options.output);
}

/** One agent's file. */
interface PausedFile {
  readonly member: string;
  readonly path: string;
  /** Whether its socket is where it would read that file. */
  readonly agentIsThere: boolean;
}

async function pauseHere(options: PauseCommandOptions): Promise<void> {
  const { writeLocalPause } = await import('../operate/local-pause.ts');
  const nowMs = Date.now();
  const until = new Date(nowMs + options.for).toISOString();
  const entry = { reason: options.reason, by: requester(), at: new Date(nowMs).toISOString(), until };
  const lines: string[] = [];
  const files: PausedFile[] = [];
  for (const { member, path, socket } of await pauseFilesOf({ ...options })) {
    await writeLocalPause(path, entry);
    const agentIsThere = existsSync(socket);
    files.push({ member, path, agentIsThere });
    if (agentIsThere) {
      lines.push(`The agent beside ${member} is paused until ${until} by ${path}: ${options.reason}\n`);
    } else {
      // Both are in the runtime folder of the user who asks, unless the configuration names them.
      lines.push(`${path} is written, until ${until}: ${options.reason}\n`);
      process.stderr.write(
        `warning: no agent has its socket at ${socket}: one that runs as another user, or in a container, reads another file, and is not paused. Say it as that user, or set operate.pauseFile.\n`,
      );
    }
  }
  lines.push('To end it: etcd-caretaker resume --local, with the same --config or --dir\n');
  await show({ text: () => lines.join(''), data: { ...entry, files } }, options.output);
}

function parseLength(text: string): number {
  const parsed = parseDurationMs(text);
  if ('problem' in parsed) throw new InvalidArgumentError(`Expected a duration such as 2h: ${parsed.problem}.`);
  if (parsed.value < SHORTEST_MS || parsed.value > LONGEST_MS) {
    throw new InvalidArgumentError('It must be from 1m to 30d.');
  }
  return parsed.value;
}

function parseReason(text: string): string {
  const reason = text.trim();
  if (reason === '') throw new InvalidArgumentError('Say why, in a few words.');
  return reason;
}

import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../config/duration.ts';
import type { Parsed } from '../config/parsed.ts';
import { parseSizeBytes } from '../config/size.ts';
import { type DemoOptions, defaultBasePort } from '../demo/options.ts';
import { flagsOf } from './config-flags.ts';

/** Members' ports end at base port + 42. */
const highestBasePort = 65_535 - 42;

interface DemoFlags {
  readonly members: '1' | '3' | '5';
  readonly dir?: string;
  readonly basePort: number;
  readonly for?: number;
  readonly quota?: number;
  readonly set: readonly string[];
}

/** `demo`: real etcd members with an agent beside each, until Ctrl-C. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('three real etcd members and an agent beside each, on this machine, until Ctrl-C')
    .addOption(new Option('--members <n>', 'number of members').choices(['1', '3', '5']).default('3'))
    .option('--dir <folder>', 'keep everything here (default: a temporary folder, removed at the end)')
    .option(
      '--base-port <port>',
      'member i (from 0) serves clients on port + 10i, peers on + 10i + 1, its agent on + 10i + 2',
      parsePort,
      defaultBasePort,
    )
    .option('--for <duration>', 'stop after this time, such as 30s', durationFlag)
    .option('--quota <size>', "the members' backend quota, such as 64MiB (default: etcd's own)", sizeFlag)
    .option('--set <key=value>', "set a key of the agents' configuration; repeatable", collect, [])
    .addHelpText(
      'after',
      `
Ctrl-C and SIGTERM stop all of it and end with 0; under npm (npm start), which Ctrl-C reaches as well, npm's own
code is 130. DIR/demo.json says at any time what runs where; a process that does not run has the id null there,
also after the demo was killed.

Examples:
  etcd-caretaker demo
  etcd-caretaker demo --members 1 --for 30s --dir ./demo --base-port 21000
  etcd-caretaker demo --quota 64MiB --set observe.interval=2s`,
    )
    .action(async (flags: DemoFlags) => {
      const { checkSettings } = await import('./demo-settings.ts');
      await checkSettings(flagsOf({ set: flags.set }).flags);
      const { runDemo } = await import('../demo/run-demo.ts');
      // Whoever reads our output may go away (`| head`); the demo goes on.
      process.stdout.on('error', () => undefined);
      await runDemo(
        optionsOf(flags),
        (text) => process.stdout.write(text),
        (line) => process.stderr.write(`demo: ${line}\n`),
      );
    });
}

function optionsOf(flags: DemoFlags): DemoOptions {
  return {
    members: Number(flags.members) as DemoOptions['members'],
    basePort: flags.basePort,
    settings: flags.set,
    ...(flags.dir !== undefined && { folder: flags.dir }),
    ...(flags.for !== undefined && { runForMs: flags.for }),
    ...(flags.quota !== undefined && { quotaBytes: flags.quota }),
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!(/^\d+$/.test(text) && port >= 1 && port <= highestBasePort)) {
    throw new InvalidArgumentError(`It must be a port from 1 to ${highestBasePort}.`);
  }
  return port;
}

function durationFlag(text: string): number {
  return accepted(parseDurationMs(text), 'a duration such as 30s or 1h30m');
}

function sizeFlag(text: string): number {
  return accepted(parseSizeBytes(text), 'a size such as 64MiB');
}

function accepted(parsed: Parsed<number>, allowed: string): number {
  if ('problem' in parsed || parsed.value <= 0) {
    const problem = 'problem' in parsed ? parsed.problem : 'it is zero';
    throw new InvalidArgumentError(`Expected ${allowed}: ${problem}.`);
  }
  return parsed.value;
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

import { Command, Option } from 'commander';
import { configFlags, flagsOf } from './config-flags.ts';
import { exitCodes } from './exit-codes.ts';

type Options = Readonly<Record<string, unknown>>;

function outputOption(formats: readonly string[]): Option {
  const [first = ''] = formats;
  return new Option('-o, --output <format>', 'format of the output').choices([...formats]).default(first);
}

async function load(options: Options) {
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig({ ...flagsOf(options), env: process.env });
}

async function write(data: unknown, format: unknown): Promise<void> {
  const { stringify } = await import('yaml');
  process.stdout.write(format === 'yaml' ? stringify(data) : `${JSON.stringify(data, null, 2)}\n`);
}

/** The configuration, and the files that it names, as the agent will read them. Throws `ConfigError`. */
async function loadWithFiles(options: Options) {
  const loaded = await load(options);
  const { fileProblems } = await import('./config-files.ts');
  const problems = await fileProblems(loaded);
  if (problems.length === 0) return loaded;
  const { ConfigError } = await import('../config/config-error.ts');
  throw new ConfigError(problems);
}

async function check(options: Options): Promise<void> {
  const format = options['output'];
  if (format === 'table') {
    const { origins } = await loadWithFiles(options);
    const isSet = [...origins.values()].filter((origin) => origin !== 'default' && !('derivedFrom' in origin));
    process.stdout.write(`OK: ${isSet.length} keys are set, the others have their defaults\n`);
    return;
  }
  const { ConfigError } = await import('../config/config-error.ts');
  try {
    await loadWithFiles(options);
    await write({ valid: true, problems: [] }, format);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    await write({ valid: false, problems: error.problems }, format);
    process.exitCode = exitCodes.usage;
  }
}

async function print(options: Options): Promise<void> {
  const loaded = await load(options);
  const { effectiveValues, effectiveYaml } = await import('../config/effective.ts');
  const format = options['output'];
  if (format === 'yaml') process.stdout.write(effectiveYaml(loaded));
  else if (format === 'json') {
    await write(Object.fromEntries(effectiveValues(loaded).map(({ key, ...rest }) => [key, rest])), format);
  } else {
    const [{ formatOrigin }, { formatTable }] = await Promise.all([
      import('../config/config-error.ts'),
      import('./table.ts'),
    ]);
    const rows = effectiveValues(loaded).map(({ key, value, origin }) => {
      return origin === undefined ? [key, '-', 'not set'] : [key, [value].flat().join(', '), formatOrigin(origin)];
    });
    process.stdout.write(formatTable(['KEY', 'VALUE', 'ORIGIN'], rows));
  }
}

async function schema(options: Options): Promise<void> {
  if (options['output'] === 'markdown') {
    const { configReference } = await import('../config/reference.ts');
    process.stdout.write(configReference());
    return;
  }
  const { configJsonSchema } = await import('../config/json-schema.ts');
  await write(configJsonSchema(), options['output']);
}

/** `config check | print | schema`: what is configured, whether it is good, and what can be configured. */
export function configCommand(): Command {
  const formats = ['table', 'json', 'yaml'];
  const command = new Command('config')
    .description('check, print or describe the configuration')
    .addHelpText('after', '\nExample:\n  etcd-caretaker config check --config /etc/etcd-caretaker/agent.yaml');
  configFlags(command.command('check'))
    .description('say whether the configuration and the files that it names are good, or all that is wrong with them')
    .addOption(outputOption(formats))
    .addHelpText(
      'after',
      '\nRun it as the user that the agent runs as: it reads certificates, keys, password and token, and shows none of them.\n\nExample:\n  etcd-caretaker config check --config agent.yaml --set observe.interval=5s',
    )
    .action(check);
  configFlags(command.command('print'))
    .description('show the effective value of every key and where it came from')
    .addOption(outputOption(formats))
    .addHelpText('after', '\nExample:\n  etcd-caretaker config print --config agent.yaml -o yaml')
    .action(print);
  command
    .command('schema')
    .description('print the JSON Schema of the configuration file, or the reference of its keys')
    .addOption(outputOption(['json', 'yaml', 'markdown']))
    .addHelpText('after', '\nExample:\n  etcd-caretaker config schema > etcd-caretaker.schema.json')
    .action(schema);
  return command;
}

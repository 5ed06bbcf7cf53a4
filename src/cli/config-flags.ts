import type { Command } from 'commander';

/** What the flags say of the configuration. */
export interface ConfigFlags {
  readonly file?: string;
  readonly flags: readonly (readonly [path: string, value: string])[];
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** Adds `--config` and `--set`, as every command has them that reads a configuration. */
export function configFlags(command: Command): Command {
  return setFlag(command.option('-c, --config <file>', 'configuration file (YAML)'));
}

/** Adds `--set` alone. */
export function setFlag(command: Command): Command {
  return command.option('--set <key=value>', 'set one key; repeatable, wins over file and environment', collect);
}

/** Reads what `configFlags` or `setFlag` added. Throws where a `--set` has no equals sign. */
export function flagsOf(options: Readonly<Record<string, unknown>>): ConfigFlags {
  const set = Array.isArray(options['set']) ? options['set'].map(String) : [];
  const flags = set.map((text): readonly [string, string] => {
    const at = text.indexOf('=');
    if (at < 1) {
      throw Object.assign(new Error(`--set ${text}: expected KEY=VALUE, as in --set observe.interval=5s`), {
        code: 'USAGE',
      });
    }
    return [text.slice(0, at), text.slice(at + 1)];
  });
  const file = options['config'];
  return { ...(typeof file === 'string' ? { file } : {}), flags };
}

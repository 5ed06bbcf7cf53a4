import { basename } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { beginSettingNames, neutralValue, variableOf } from '../begin-settings.ts';
import { execStartOf, programOf, quotedWord } from './unit-file.ts';

/** What the unit says of how etcd is started, without what the agent has added. */
export interface UnitText {
  readonly unit: string;
  /** The unit's file and its drop-ins, in systemd's order. */
  readonly files: readonly string[];
  /** `Environment=` and the contents of all environment files: flags may stand in a variable, as Debian's DAEMON_ARGS. */
  readonly environment: readonly string[];
}

/** Where etcd takes its settings from, and so where they can be overridden. */
export type StartForm =
  /** The unit runs etcd itself: further flags at the end of its command line win. */
  | { readonly form: 'flags'; readonly command: string }
  /** As `flags`, and with a configuration file, beside which etcd looks at nothing else. */
  | { readonly form: 'config-file'; readonly command: string; readonly configFile: string }
  /** The unit runs something that runs etcd: the environment is all that reaches it. */
  | { readonly form: 'environment'; readonly configFile?: string };

/**
 * Finds out in which form the unit starts etcd. `configured` is `supervise.systemd.configFile`. Throws an AgentError
 * `SUPERVISE_UNIT_OPAQUE` where the settings cannot be overridden, `SUPERVISE_CONFIG_FILE_UNKNOWN` where etcd has a configuration
 * file whose path cannot be told.
 */
export function startFormOf(text: UnitText, configured: string | undefined): StartForm {
  const commands = execStartOf(text.files);
  const [command] = commands;
  const program = command === undefined ? undefined : programOf(command);
  if (command === undefined || program === undefined || commands.length > 1) {
    throw opaque(text.unit, `it has ${commands.length} command lines in ExecStart=`);
  }
  const environment = text.environment.map(withoutComments).join('\n');
  const configFile = configured ?? configFileOf(command, environment, text.unit);
  if (isEtcd(program.path)) {
    return configFile === undefined ? { form: 'flags', command } : { form: 'config-file', command, configFile };
  }
  const flags = [...beginSettingNames, 'config-file'].filter((name) => mentions(command, name));
  if (flags.length > 0) {
    throw opaque(
      text.unit,
      `it starts etcd through ${program.path} with --${flags.join(', --')}, which beat the environment`,
    );
  }
  return configFile === undefined ? { form: 'environment' } : { form: 'environment', configFile };
}

/** What a drop-in is made of. */
export interface OverridePlan {
  readonly form: StartForm;
  readonly text: UnitText;
  /** Of `beginSettings`. */
  readonly settings: ReadonlyMap<string, string>;
  /** The environment file of the agent, for the form `environment`. */
  readonly environmentFile: string;
  /** The changed copy of etcd's configuration file, where there is one. */
  readonly configCopy: string;
}

/** The drop-in of one start, and the contents of the environment file that belongs to it. */
export function overrideOf(plan: OverridePlan): { readonly dropIn: string; readonly environment?: string } {
  const { form, settings } = plan;
  if (form.form === 'environment') {
    const values = form.configFile === undefined ? settings : new Map([['config-file', plan.configCopy]]);
    const unset = beginSettingNames.filter((name) => !values.has(name));
    const lines = [`EnvironmentFile=${plan.environmentFile}`, `UnsetEnvironment=${unset.map(variableOf).join(' ')}`];
    const environment = [...values].map(([name, value]) => `${variableOf(name)}=${quotedValue(value)}\n`).join('');
    return { dropIn: dropInOf(lines), environment };
  }
  const expands = programOf(form.command)?.expands ?? true;
  const flags = form.form === 'config-file' ? [`--config-file=${plan.configCopy}`] : flagsOf(plan, form.command);
  // Etcd refuses to start when a setting comes by flag and by environment, also when the variable is empty (3.4, 3.5).
  const unset = [...beginSettingNames, 'config-file'].map(variableOf);
  const words = flags.map((flag) => quotedWord(flag, expands));
  return {
    dropIn: dropInOf([
      `UnsetEnvironment=${unset.join(' ')}`,
      'ExecStart=',
      `ExecStart=${[form.command, ...words].join(' ')}`,
    ]),
  };
}

/**
 * Of a flag that is given twice etcd takes the last. Those that are to be gone are added only where they are there: each version
 * knows others, and refuses what it does not know.
 */
function flagsOf({ settings, text }: OverridePlan, command: string): readonly string[] {
  const said = [command, ...text.environment.map(withoutComments)].join('\n');
  const gone = beginSettingNames.filter((name) => !settings.has(name) && mentions(said, name));
  return [
    ...[...settings].map(([name, value]) => `--${name}=${value}`),
    ...gone.map((name) => `--${name}=${neutralValue(name)}`),
  ];
}

function dropInOf(lines: readonly string[]): string {
  return [
    '# Written by etcd-caretaker when it starts etcd: so etcd neither begins nor looks for another cluster than it is a member',
    '# of. It may be removed while etcd runs (then: systemctl daemon-reload); the next reboot does so.',
    '[Service]',
    ...lines,
    '# A member that waits for the others, or for a snapshot, has not failed.',
    'TimeoutStartSec=infinity',
    '',
  ].join('\n');
}

/** `etcd`, and how some name their versions: `etcd-3.5`, `etcd3`. A wrapper is called otherwise. */
function isEtcd(program: string): boolean {
  return /^etcd(-?v?\d[\w.]*)?$/.test(basename(program));
}

function mentions(text: string, flag: string): boolean {
  return new RegExp(`(^|[\\s"'=])--?${flag}(?![\\w-])`, 'm').test(text);
}

function configFileOf(command: string, environment: string, unit: string): string | undefined {
  const flag = /(?:^|[\s"'=])--?config-file(?:=|\s+)["']?([^\s"']+)/m;
  const path =
    flag.exec(command)?.[1] ??
    flag.exec(environment)?.[1] ??
    /(?:^|\s)ETCD_CONFIG_FILE=["']?([^\s"']+)/m.exec(environment)?.[1];
  if (path === undefined || /^\/[^$%]+$/.test(path)) return path;
  throw new AgentError(
    'SUPERVISE_CONFIG_FILE_UNKNOWN',
    `${unit} starts etcd with the configuration file ${path}, whose path depends on something`,
    {
      remedy: 'set supervise.systemd.configFile to it',
    },
  );
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*[#;].*$/gm, '');
}

/** A value of an environment file (systemd.exec(5)): within quotes a backslash goes before the few that mean something. */
function quotedValue(value: string): string {
  return `"${value.replaceAll(/[\\"$`]/g, '\\$&')}"`;
}

function opaque(unit: string, why: string): AgentError {
  return new AgentError('SUPERVISE_UNIT_OPAQUE', `what ${unit} starts etcd with cannot be changed: ${why}`, {
    remedy:
      'let ExecStart= be one command line that runs etcd itself, or put these settings into its environment file (ETCD_INITIAL_CLUSTER=…)',
  });
}

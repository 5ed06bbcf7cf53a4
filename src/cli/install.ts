import { execFile } from 'node:child_process';
import { access, constants, realpath } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Command, Option } from 'commander';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { Config } from '../config/config.ts';
import { configFlags, flagsOf } from './config-flags.ts';
import type { InstallStep } from './install/steps.ts';
import type { WritableFolder } from './install/writable-folders.ts';
import { printed } from './printed.ts';

const UNIT = 'etcd-caretaker.service';
const UNIT_FOLDER = '/etc/systemd/system';

interface InstallOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly program?: string;
  readonly user?: string;
  readonly dryRun?: boolean;
  readonly output: 'table' | 'json' | 'yaml';
}

const run = promisify(execFile);

/** `install systemd`: has systemd run the agent beside the member. */
export function installCommand(): Command {
  const systemd = new Command('systemd')
    .description("write the agent's unit, as its configuration asks for it, and start it")
    .option('--program <file>', 'the agent program (default: the etcd-caretaker that runs now)')
    .option('--user <name>', 'run the agent as this user instead of root, without any powers of root')
    .option('--dry-run', 'only say what would be done, with the text of the unit')
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    );
  configFlags(systemd)
    .addHelpText(
      'after',
      `
The unit lets the agent write where the configuration says that it writes, and nowhere else. Asked again it writes the unit anew, where that would be another one, and starts the agent again;
a unit that was there is kept as etcd-caretaker.service.previous. Etcd is neither started nor stopped by this.

Examples:
  etcd-caretaker install systemd --config /etc/etcd-caretaker/agent.yaml --dry-run
  etcd-caretaker install systemd --config /etc/etcd-caretaker/agent.yaml`,
    )
    .action(install);
  return new Command('install').description('have the machine run the agent').addCommand(systemd);
}

async function install(options: InstallOptions): Promise<void> {
  const file = options.config;
  if (file === undefined || (options.set ?? []).length > 0) {
    throw new AgentError('USAGE', 'The unit starts the agent with a configuration file, and with that alone.', {
      remedy: 'Give it with --config; what --set would say belongs into it.',
    });
  }
  const [{ loadConfig }, { fileProblems }, { ConfigError }] = await Promise.all([
    import('../config/load.ts'),
    import('./config-files.ts'),
    import('../config/config-error.ts'),
  ]);
  // What the environment of this shell says will not be there.
  const loaded = await loadConfig({ ...flagsOf({ ...options }), env: {} });
  const problems = await fileProblems(loaded);
  if (problems.length > 0) throw new ConfigError(problems);
  refuseUser(loaded.config, options.user);
  await lookUp(options);
  const steps = await stepsOf(loaded.config, { ...options, config: resolve(file) });
  if (options.dryRun !== true) await doAll(steps);
  await print(steps, options);
}

async function stepsOf(
  config: Config,
  options: InstallOptions & { readonly config: string },
): Promise<readonly InstallStep[]> {
  const [{ wideFolder, writableFolders }, { systemdUnit }, { installSteps }] = await Promise.all([
    import('./install/writable-folders.ts'),
    import('./install/systemd-unit.ts'),
    import('./install/steps.ts'),
  ]);
  const folders = writableFolders(config);
  for (const folder of folders) sayWide(folder, config, wideFolder(folder));
  const text = systemdUnit({
    kind: config.supervise.kind,
    program: await programOf(options.program),
    config: options.config,
    ...(options.user === undefined ? {} : { user: options.user }),
    writable: folders,
    named: pathsIn(config),
  });
  const { user } = options;
  return await installSteps({
    ...{ unitFile: `${UNIT_FOLDER}/${UNIT}`, unit: UNIT, text, folders },
    ...(user === undefined ? {} : { user }),
  });
}

/** Everything in a configuration that is an absolute path. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.startsWith('/') ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

/** The program that the unit starts: a script beside it finds the Node that it was installed with. */
async function programOf(given: string | undefined): Promise<string> {
  const program = given ?? (await realpath(resolve(import.meta.dirname, '..', '..', 'bin', 'etcd-caretaker')));
  const absolute = isAbsolute(program) ? program : resolve(program);
  await access(absolute, constants.X_OK).catch((cause: unknown) => {
    throw new AgentError('USAGE', `${absolute} cannot be run (${faultOf(cause).code}).`, {
      remedy: 'Name the installed program with --program, such as /usr/local/bin/etcd-caretaker.',
      cause,
    });
  });
  return absolute;
}

function refuseUser({ supervise }: Config, user: string | undefined): void {
  if (user === undefined || supervise.kind === 'none' || supervise.kind === 'child') return;
  throw new AgentError('USAGE', `With supervise.kind: ${supervise.kind} the agent has to be root.`, {
    remedy: 'Leave --user out. The unit takes away what root does not need.',
  });
}

/** A unit with a user who is not there never starts. */
async function lookUp({ user, dryRun }: InstallOptions): Promise<void> {
  if (user === undefined) return;
  const isThere = await run('id', ['-u', '--', user]).then(
    () => true,
    // Without that program nothing is known of anybody.
    (error: { readonly code?: unknown }) => error.code === 'ENOENT',
  );
  if (isThere) return;
  const message = `There is no user ${user} on this machine`;
  if (dryRun === true) process.stderr.write(`note: ${message}: the unit would not start.\n`);
  else {
    throw new AgentError('USAGE', `${message}.`, { remedy: 'Make it first (useradd --system), or name another one.' });
  }
}

function sayWide({ path }: WritableFolder, { member }: Config, width: 'refused' | 'wide' | undefined): void {
  const why = `Data dirs are moved aside in the folder around ${member.dataDir}`;
  const remedy = `Have the data one folder further down, such as ${join(member.dataDir, 'data')}.`;
  if (width === 'refused') {
    throw new AgentError('USAGE', `${why}: the agent would have to write in all of ${path}.`, { remedy });
  }
  if (width === 'wide') process.stderr.write(`note: ${why}, so the unit may write in all of ${path}. ${remedy}\n`);
}

async function doAll(steps: readonly InstallStep[]): Promise<void> {
  const { doStep, stepText } = await import('./install/steps.ts');
  for (const step of steps) {
    process.stderr.write(`${stepText(step)}\n`);
    try {
      await doStep(step, async ([program, ...args]) => {
        await run(program, args);
      });
    } catch (cause) {
      const { code, message } = faultOf(cause);
      const isRight = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
      throw new AgentError('INSTALL_FAILED', `It could not ${stepText(step)}: ${message.trim()}`, {
        remedy: isRight ? 'Run it as root.' : 'Mend that and say it again: what is done already is left as it is.',
        cause,
      });
    }
  }
}

async function print(steps: readonly InstallStep[], { dryRun = false, output }: InstallOptions): Promise<void> {
  if (output !== 'table') {
    process.stdout.write(await printed({ done: !dryRun, steps }, output));
    return;
  }
  if (!dryRun) {
    process.stdout.write(
      `The agent runs as ${UNIT}: see \`systemctl status etcd-caretaker\` and \`etcd-caretaker status\`.\n`,
    );
    return;
  }
  const { stepText } = await import('./install/steps.ts');
  const unit = steps.find((step) => step.do === 'write-unit');
  process.stdout.write(
    [
      ...steps.map((step, index) => `${index + 1}. ${stepText(step)}`),
      ...(unit === undefined ? [] : ['', `# ${unit.path}`, unit.text]),
      '',
    ].join('\n'),
  );
}

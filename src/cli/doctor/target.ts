import { resolve } from 'node:path';
import { connectTo } from '../../agent/clients.ts';
import type { LoadedConfig } from '../../config/config.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig } from '../../config/load.ts';
import { memberMachine } from '../../observe/machine.ts';
import type { ConfigFlags } from '../config-flags.ts';

/** What the doctor is told on its command line. */
export interface TargetFlags extends ConfigFlags {
  /** `--endpoint` */
  readonly endpoint?: string;
  /** `--data-dir` */
  readonly dataDir?: string;
}

/** The member that is looked at, as a whole configuration. */
export interface Target {
  readonly loaded: LoadedConfig;
  readonly file?: string;
  /** Keys that were not given and were found out, as an agent's configuration could not. */
  readonly foundOut: readonly string[];
  /** Whether the directories in the configuration are known, or only stand there because something must. */
  readonly knowsDirectories: boolean;
}

type Pair = readonly [path: string, value: string];

/** What an agent's configuration must have and a doctor can do without. */
const dispensable: readonly Pair[] = [
  ['member.name', 'unknown'],
  ['member.dataDir', '/var/lib/etcd'],
];

/**
 * The configuration from file, environment and flags. Where there is no file, the name of the member is asked of the
 * member and its directories of etcd's process, if it runs on this machine. Throws `ConfigError`.
 */
export async function resolveTarget(flags: TargetFlags, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Target> {
  const given: readonly Pair[] = [
    ...flags.flags,
    ...(flags.endpoint === undefined ? [] : [['member.endpoint', flags.endpoint] as const]),
    ...(flags.dataDir === undefined ? [] : [['member.dataDir', resolve(flags.dataDir)] as const]),
  ];
  const load = (more: readonly Pair[]) =>
    loadConfig({ env, flags: [...more, ...given], ...(flags.file === undefined ? {} : { file: flags.file }) });
  const file = flags.file === undefined ? {} : { file: flags.file };
  try {
    const loaded = await load([]);
    return { loaded, ...file, foundOut: [], knowsDirectories: true };
  } catch (error) {
    const missing = missingOnly(error);
    if (flags.file !== undefined) throw error;
    if (missing === undefined) throw withoutDispensable(error);
    const provisional = await load(dispensable.filter(([path]) => missing.has(path)));
    const said = await findOut(provisional, missing, signal);
    const stillMissing = dispensable.filter(([path]) => missing.has(path) && !said.some(([key]) => key === path));
    const loaded = await load([...said, ...stillMissing]);
    const foundOut = said.map(([path]) => path);
    return {
      loaded: { ...loaded, origins: withoutFlags(loaded.origins, [...said, ...stillMissing]) },
      ...file,
      foundOut,
      knowsDirectories: !stillMissing.some(([path]) => path === 'member.dataDir'),
    };
  }
}

/** What is wrong besides keys that the doctor can do without. */
function withoutDispensable(error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error;
  const isNeeded = ({ code, key }: ConfigError['problems'][number]) =>
    code !== 'MISSING_KEY' || !dispensable.some(([path]) => path === key);
  return new ConfigError(error.problems.filter(isNeeded));
}

/** The keys that are missing, where nothing else is wrong and all of them can be done without. */
function missingOnly(error: unknown): ReadonlySet<string> | undefined {
  if (!(error instanceof ConfigError)) return undefined;
  const keys = error.problems.map(({ code, key }) => (code === 'MISSING_KEY' ? key : undefined));
  const all = keys.every((key) => dispensable.some(([path]) => path === key));
  return all ? new Set(keys.flatMap((key) => key ?? [])) : undefined;
}

async function findOut(
  { config, origins }: LoadedConfig,
  missing: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Pair[]> {
  const { endpoint } = config.member;
  const [name, etcd] = await Promise.all([
    missing.has('member.name') ? askName(config, signal) : config.member.name,
    missing.has('member.dataDir')
      ? memberMachine({ endpoint })
          .etcd.find(signal)
          .catch(() => undefined)
      : undefined,
  ]);
  // The same port of another machine may be served here by another etcd.
  const isOurs = etcd !== undefined && (name === undefined || (etcd.settings['name'] ?? 'default') === name);
  const walDirGiven = typeof origins.get('member.walDir') === 'object' && !isDerived(origins.get('member.walDir'));
  const found: (Pair | undefined)[] = [
    missing.has('member.name') && name !== undefined ? ['member.name', name] : undefined,
    isOurs && etcd.dataDir !== undefined ? ['member.dataDir', etcd.dataDir] : undefined,
    isOurs && etcd.walDir !== undefined && !walDirGiven ? ['member.walDir', etcd.walDir] : undefined,
  ];
  return found.filter((pair) => pair !== undefined);
}

function isDerived(origin: unknown): boolean {
  return typeof origin === 'object' && origin !== null && 'derivedFrom' in origin;
}

/** The name of the member that answers at the endpoint; undefined where none does. */
async function askName(config: LoadedConfig['config'], signal: AbortSignal): Promise<string | undefined> {
  const client = connectTo(config, config.member.endpoint, config.member.endpoint);
  try {
    const { header, members } = await client.memberList(signal);
    return members.find(({ id }) => id === header.memberId)?.name || undefined;
  } catch {
    // Why it does not answer is the first thing that the checks will say.
    return undefined;
  } finally {
    client.close();
  }
}

/** Nobody has written these on the command line: they follow from the endpoint. */
function withoutFlags(origins: LoadedConfig['origins'], pairs: readonly Pair[]): LoadedConfig['origins'] {
  return new Map([...origins, ...pairs.map(([path]) => [path, { derivedFrom: 'member.endpoint' }] as const)]);
}

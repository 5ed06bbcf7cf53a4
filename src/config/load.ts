import type * as z from 'zod';
import type { Config, LoadedConfig, Origin } from './config.ts';
import { ConfigError, type Problem } from './config-error.ts';
import { readConfigFile } from './config-file.ts';
import { findContradictions } from './contradictions.ts';
import { derive, type Surroundings } from './derive.ts';
import type { Entry, SourceReading } from './entries.ts';
import { type KeyTable, keyTable } from './keys.ts';
import { configSchema } from './schema.ts';
import { readEnvironment, readFlags } from './text-source.ts';
import { unflatten } from './unflatten.ts';
import { checkEntry } from './values.ts';
import { readYaml } from './yaml-source.ts';

/** Where a configuration comes from, from weak to strong: built-in defaults, the file, the environment, the flags. */
export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string;
  /** The process environment; only variables that begin with `ETCD_CARETAKER_` are keys. */
  readonly env: NodeJS.ProcessEnv;
  /** Key paths and their values as text (`--set observe.interval=5s`); with pairs, the last of a key wins. */
  readonly flags?: Readonly<Record<string, string>> | readonly (readonly [path: string, value: string])[];
}

async function readFile(file: string | undefined, table: KeyTable): Promise<SourceReading> {
  if (file === undefined) return { entries: [], problems: [] };
  const read = await readConfigFile(file);
  if ('text' in read) return readYaml(read.text, file, table);
  const problem: Problem = { code: 'FILE_UNREADABLE', message: `${file}: ${read.problem}`, hint: read.hint };
  return { entries: [], problems: [problem] };
}

function missing(path: string, table: KeyTable): Problem {
  const key = table.keys.get(path);
  const hint = `set it in the file, as ${key?.env ?? path}, or with --set ${path}=...`;
  return { code: 'MISSING_KEY', key: path, message: 'it must be set', allowed: key?.allowed ?? '', hint };
}

/** Problems of the file by line, then the others as they were found. */
function inOrderOfPlace(problems: readonly Problem[]): Problem[] {
  const lineOf = ({ origin }: Problem) => (typeof origin === 'object' && 'line' in origin ? origin.line : Infinity);
  return problems.toSorted((a, b) => (lineOf(a) === lineOf(b) ? 0 : lineOf(a) - lineOf(b)));
}

/** The values by path, while sources are laid over each other. */
class Layers {
  readonly checked = new Map<string, unknown>();
  readonly written = new Map<string, unknown>();
  readonly origins = new Map<string, Origin>();
  readonly problems: Problem[] = [];
  readonly #table: KeyTable;

  constructor(table: KeyTable) {
    this.#table = table;
  }

  lay(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      const key = this.#table.keys.get(entry.path);
      if (key === undefined) continue;
      this.origins.set(entry.path, entry.origin);
      this.written.set(entry.path, entry.value);
      const result = checkEntry(entry, key);
      if ('value' in result) this.checked.set(entry.path, result.value);
      else {
        this.checked.delete(entry.path);
        this.problems.push(...result.problems);
      }
    }
  }

  layDefaults(): void {
    for (const { path, defaultValue } of this.#table.keys.values()) {
      if (defaultValue !== undefined) this.lay([{ path, value: defaultValue, origin: 'default' }]);
    }
  }

  layDerived(surroundings: Surroundings): void {
    for (const [path, { value, from }] of derive(this.checked, surroundings)) {
      if (!this.origins.has(path)) this.lay([{ path, value, origin: { derivedFrom: from } }]);
    }
  }

  findWhatIsMissing(): void {
    const isLacking = (path: string) => !this.origins.has(path) && !this.problems.some(({ key }) => key === path);
    for (const { path, isOptional } of this.#table.keys.values()) {
      if (!isOptional && isLacking(path)) this.problems.push(missing(path, this.#table));
    }
  }

  findContradictions(): void {
    for (const found of findContradictions(this.checked, (path) => String(this.written.get(path)))) {
      const origin = this.origins.get(found.key);
      this.problems.push({ code: 'CONTRADICTION', ...found, ...(origin === undefined ? {} : { origin }) });
    }
  }
}

function present<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new TypeError(`${path} was not derived`);
  return value;
}

function complete(parsed: z.output<typeof configSchema>): Config {
  const { member, cluster, observe, backup, supervise, operate, expose } = parsed;
  return {
    ...parsed,
    member: {
      ...member,
      walDir: present(member.walDir, 'member.walDir'),
      metricsUrl: present(member.metricsUrl, 'member.metricsUrl'),
    },
    cluster: { ...cluster, endpoints: present(cluster.endpoints, 'cluster.endpoints') },
    observe: {
      ...observe,
      deadlineMs: present(observe.deadlineMs, 'observe.deadline'),
      collectors: {
        ...observe.collectors,
        keyspace: present(observe.collectors.keyspace, 'observe.collectors.keyspace'),
      },
    },
    backup: {
      ...backup,
      encryption: { ...backup.encryption, mode: present(backup.encryption.mode, 'backup.encryption.mode') },
      lastGasp: { ...backup.lastGasp, dir: present(backup.lastGasp.dir, 'backup.lastGasp.dir') },
    },
    supervise: { ...supervise, stateDir: present(supervise.stateDir, 'supervise.stateDir') },
    operate: { ...operate, pauseFile: present(operate.pauseFile, 'operate.pauseFile') },
    expose: { ...expose, socket: present(expose.socket, 'expose.socket') },
  };
}

/**
 * Reads the configuration from all its sources, checks it and completes it.
 *
 * @throws {ConfigError} with every problem at once, where anything is unknown, wrong, missing or contradictory.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const table = keyTable();
  const flags = sources.flags ?? [];
  const readings = [
    await readFile(sources.file, table),
    readEnvironment(sources.env, table),
    readFlags(Array.isArray(flags) ? flags : Object.entries(flags), table),
  ];
  const layers = new Layers(table);
  layers.layDefaults();
  for (const reading of readings) {
    layers.problems.push(...reading.problems);
    layers.lay(reading.entries);
  }
  layers.layDerived({ env: sources.env, uid: process.getuid?.() ?? 0 });
  // What stands in a file that cannot be read is not missing.
  if (!layers.problems.some(({ code }) => code === 'FILE_UNREADABLE' || code === 'SYNTAX')) layers.findWhatIsMissing();
  layers.findContradictions();
  if (layers.problems.length > 0) throw new ConfigError(inOrderOfPlace(layers.problems));
  const order = [...table.keys.keys()];
  const inOrder = <V>(map: ReadonlyMap<string, V>) =>
    new Map([...map].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
  const config = complete(configSchema.parse(unflatten(layers.written)));
  return { config, origins: inOrder(layers.origins), values: inOrder(layers.written) };
}

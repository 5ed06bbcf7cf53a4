import type * as z from 'zod';
import type { configSchema } from './schema.ts';

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
type Parsed = DeepReadonly<z.output<typeof configSchema>>;

/** The given keys are always there, because what is left out is derived from other keys. */
type Always<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]-?: Exclude<T[P], undefined> };

type Observe = Always<Parsed['observe'], 'deadlineMs'>;

/**
 * The whole configuration, checked and complete. Keys are those of the YAML file, but durations carry `Ms` and sizes
 * `Bytes` in their names (`observe.interval` is `observe.intervalMs`), and `expose.listen` is taken apart.
 */
export type Config = Omit<Parsed, 'member' | 'cluster' | 'observe' | 'backup' | 'supervise' | 'operate' | 'expose'> & {
  readonly member: Always<Parsed['member'], 'walDir' | 'metricsUrl'>;
  readonly cluster: Always<Parsed['cluster'], 'endpoints'>;
  readonly observe: Omit<Observe, 'collectors'> & {
    readonly collectors: Always<Observe['collectors'], 'keyspace'>;
  };
  readonly backup: Omit<Parsed['backup'], 'encryption' | 'lastGasp'> & {
    readonly encryption: Always<Parsed['backup']['encryption'], 'mode'>;
    readonly lastGasp: Always<Parsed['backup']['lastGasp'], 'dir'>;
  };
  readonly supervise: Always<Parsed['supervise'], 'stateDir'>;
  readonly operate: Always<Parsed['operate'], 'pauseFile'>;
  readonly expose: Always<Parsed['expose'], 'socket'>;
};

/** Where a value came from. `derivedFrom` names the key that a left-out value was derived from. */
export type Origin =
  | 'default'
  | { readonly derivedFrom: string }
  | { readonly file: string; readonly line: number }
  | { readonly env: string }
  | { readonly flag: string };

/** A configuration with where each of its values came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** By the key's path as in the file: `observe.interval`. Optional keys that are not set are absent. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** The same keys, with the values as they were written, for printing. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** Whether a collector is on. `member` and `cluster` are, always. */
export function isCollectorOn(config: Config, collector: string): boolean {
  return Object.entries(config.observe.collectors).every(([name, isOn]) => name !== collector || isOn);
}

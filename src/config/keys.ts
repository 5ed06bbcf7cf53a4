import * as z from 'zod';
import { type LeafInfo, leafInfo } from './leaves.ts';
import { configSchema } from './schema.ts';

/** The beginning of every environment variable that sets a key. */
export const environmentPrefix = 'ETCD_CARETAKER_';

/** One key of the configuration. */
export interface Key extends LeafInfo {
  /** `observe.fsyncProbe.interval` */
  readonly path: string;
  /** `ETCD_CARETAKER_OBSERVE__FSYNC_PROBE__INTERVAL` */
  readonly env: string;
  readonly schema: z.ZodType;
  /** As it would be written in the file. */
  readonly defaultValue?: unknown;
  /** May be left out although it has no default. */
  readonly isOptional: boolean;
}

/** A group of keys. */
export interface Section {
  /** `observe.fsyncProbe`; empty for the whole. */
  readonly path: string;
  readonly about: string;
  /** Names of the keys and sections right below it. */
  readonly names: readonly string[];
}

/** The schema as two flat tables by path, in the order of the schema. */
export interface KeyTable {
  readonly keys: ReadonlyMap<string, Key>;
  readonly sections: ReadonlyMap<string, Section>;
}

/** The environment variable of a key: `member.dataDir` is `ETCD_CARETAKER_MEMBER__DATA_DIR`. */
export function environmentName(path: string): string {
  const words = path.split('.').map((name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_'));
  return environmentPrefix + words.join('__').toUpperCase();
}

/** The path of a name below a section. */
export function joinPath(section: string, name: string): string {
  return section === '' ? name : `${section}.${name}`;
}

interface Unwrapped {
  readonly schema: z.ZodType;
  readonly defaultValue?: unknown;
  readonly isOptional: boolean;
}

function unwrap(schema: unknown, outer: Omit<Unwrapped, 'schema'> = { isOptional: false }): Unwrapped {
  if (schema instanceof z.ZodPrefault) {
    return unwrap(schema.def.innerType, { ...outer, defaultValue: schema.def.defaultValue });
  }
  if (schema instanceof z.ZodExactOptional) return unwrap(schema.def.innerType, { ...outer, isOptional: true });
  if (schema instanceof z.ZodPipe && !leafInfo.has(schema)) return unwrap(schema.def.in, outer);
  if (!(schema instanceof z.ZodType)) throw new TypeError('the configuration schema holds something unexpected');
  return { ...outer, schema };
}

/** Reads the tables off the schema. */
export function keyTable(): KeyTable {
  const keys = new Map<string, Key>();
  const sections = new Map<string, Section>();
  const visit = (found: unknown, path: string): void => {
    const { schema, defaultValue, isOptional } = unwrap(found);
    if (schema instanceof z.ZodObject) {
      sections.set(path, { path, about: schema.meta()?.description ?? '', names: Object.keys(schema.shape) });
      for (const [name, child] of Object.entries(schema.shape)) visit(child, joinPath(path, name));
      return;
    }
    const info = leafInfo.get(schema);
    if (info === undefined) throw new TypeError(`${path} is not described in the configuration schema`);
    const fallback = defaultValue === undefined ? {} : { defaultValue };
    keys.set(path, { ...info, path, env: environmentName(path), schema, isOptional, ...fallback });
  };
  visit(configSchema, '');
  return { keys, sections };
}

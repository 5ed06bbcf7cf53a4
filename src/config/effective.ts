import { Document, isScalar, isSeq } from 'yaml';
import type { LoadedConfig, Origin } from './config.ts';
import { formatOrigin } from './config-error.ts';
import { keyTable } from './keys.ts';
import { unflatten } from './unflatten.ts';

/** The effective value of one key, as it was written. No key holds a secret: secrets stand in files that keys name. */
export interface EffectiveValue {
  readonly key: string;
  /** Absent where the key is optional and nobody set it. */
  readonly value?: unknown;
  readonly origin?: Origin;
}

/** The effective value of every key, in the order of the reference, also of those that are not set. */
export function effectiveValues(loaded: LoadedConfig): EffectiveValue[] {
  return [...keyTable().keys.keys()].map((key) => {
    const origin = loaded.origins.get(key);
    return origin === undefined ? { key } : { key, value: loaded.values.get(key), origin };
  });
}

/** The effective configuration as a YAML file that gives the same again; a comment at each value says where it came from. */
export function effectiveYaml(loaded: LoadedConfig): string {
  const document = new Document(unflatten(loaded.values));
  for (const [key, origin] of loaded.origins) {
    const node = document.getIn(key.split('.'), true);
    if (isSeq(node)) node.flow = true;
    if (isSeq(node) || isScalar(node)) node.comment = ` ${formatOrigin(origin)}`;
  }
  return document.toString({ lineWidth: 0 });
}

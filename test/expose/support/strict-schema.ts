import { schemas } from '../../../src/expose/openapi/schemas.ts';

/**
 * A schema of the API document without properties that it does not name, so that a forgotten one shows; with references as a plain reader knows
 * them.
 */
export function strictSchema(name: string): Record<string, never> {
  const text = JSON.stringify({ $ref: `#/$defs/${name}`, $defs: schemas }, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'required' in value && !('additionalProperties' in value)
      ? { ...value, additionalProperties: false }
      : value,
  );
  return JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/'));
}

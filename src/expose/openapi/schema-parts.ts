/** One JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** A reference to a schema of the document. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const text: Schema = { type: 'string' };
export const number: Schema = { type: 'number' };
export const integer: Schema = { type: 'integer' };
export const truth: Schema = { type: 'boolean' };
export const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object; properties whose names end in `?` may be absent. Later versions may add properties. */
export function object(properties: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(properties);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
  };
}

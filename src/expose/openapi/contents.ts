/** A reply of plain text. */
export const text = (description: string): object => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' } } },
});

/** A reply of JSON in the shape of a schema of the document. */
export const json = (description: string, schema: string): object => ({
  description,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
});

/** A body of JSON that a request carries. */
export const jsonBody = (schema: string, required = true): object => ({
  required,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
});

/** A refusal. */
export const problem = (description: string): object => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** Data as JSON or YAML, with a line end. */
export async function printed(data: unknown, format: 'json' | 'yaml'): Promise<string> {
  if (format === 'json') return `${JSON.stringify(data, null, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(data, { lineWidth: 0 });
}

/** Data as JSON has it: revisions as decimal text, since JSON knows no bigint. */
export function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
}

/** A flat table by path (`observe.interval`) as nested objects, as a file would have it. */
export function unflatten(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const sections = new Map<string, Record<string, unknown>>([['', {}]]);
  const sectionAt = (path: string): Record<string, unknown> => {
    const known = sections.get(path);
    if (known !== undefined) return known;
    const made: Record<string, unknown> = {};
    sections.set(path, made);
    place(path, made);
    return made;
  };
  const place = (path: string, value: unknown): void => {
    const cut = path.lastIndexOf('.');
    sectionAt(cut < 0 ? '' : path.slice(0, cut))[path.slice(cut + 1)] = value;
  };
  for (const [path, value] of values) place(path, value);
  return sectionAt('');
}

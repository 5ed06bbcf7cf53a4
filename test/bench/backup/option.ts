/** What stands behind an option of a benchmark; undefined where it is not given. */
export function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at === -1 ? undefined : args[at + 1];
}

/** Numbers behind an option, with commas between them. Throws where one is none. */
export function numbers(args: readonly string[], name: string, otherwise: readonly number[]): readonly number[] {
  const text = option(args, name);
  if (text === undefined) return otherwise;
  const values = text.split(',').map(Number);
  if (values.some((value) => !(value >= 0))) throw new Error(`${name} takes numbers, not ${text}`);
  return values;
}

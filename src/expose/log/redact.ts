/** What stands in place of a secret. */
const redacted = '[redacted]';

/** Names whose values are secrets, wherever they stand in an event. Paths of files are not: they end in File or Path. */
const secretName =
  /(pass(word|wd|phrase)?|secret|token|authorization|cookie|credential|private.?key|access.?key|api.?key)s?$/i;

/** How deep an event is looked into; what lies deeper is left out. */
const deepest = 6;

/**
 * An event without the values of secret names, as plain data: an error becomes its code, message, member, remedy and
 * causes; a bigint its decimal text.
 * @param stacks whether errors keep their stack, for debugging
 */
export function redactFields(value: unknown, stacks: boolean, depth = 0): unknown {
  if (typeof value === 'bigint') {
    return value.toString();
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth >= deepest) {
    return '[deeper]';
  }
  if (Array.isArray(value)) {
    return value.map((item) => redactFields(item, stacks, depth + 1));
  }
  const entries = value instanceof Error ? errorEntries(value, stacks) : Object.entries(value);
  return Object.fromEntries(
    entries
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, secretName.test(name) ? redacted : redactFields(item, stacks, depth + 1)]),
  );
}

function errorEntries(error: Error, stacks: boolean): [string, unknown][] {
  return [
    ['code', 'code' in error ? error.code : undefined],
    ['message', error.message],
    ['member', 'member' in error ? error.member : undefined],
    ['remedy', 'remedy' in error ? error.remedy : undefined],
    ['cause', error.cause],
    ...(stacks ? [['stack', error.stack] satisfies [string, unknown]] : []),
  ];
}

/**
 * A line without secrets that are known by their value or their place: the given ones, passwords in URLs, and bearer
 * and basic credentials. Works on the finished line, so that it holds for messages of libraries too.
 * @param secrets values of 4 characters or more; shorter ones would tear holes into every line
 */
export function redactLine(line: string, secrets: ReadonlySet<string>): string {
  let clean = line
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:"]*):[^\s/@"]+@/gi, `$1:${redacted}@`)
    .replace(/\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/g, `$1 ${redacted}`);
  for (const secret of secrets) {
    if (secret.length >= 4) {
      // As it stands in a line of JSON.
      clean = clean.replaceAll(JSON.stringify(secret).slice(1, -1), redacted);
    }
  }
  return clean;
}

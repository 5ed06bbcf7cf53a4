/** A sample of a wanted name, or that the line is a sample of another one. */
export type SampleLine =
  | {
      readonly kind: 'wanted';
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly value: number;
    }
  | { readonly kind: 'unwanted' };

/**
 * Reads one sample line of Prometheus' text format: `name{label="value",…} number [timestamp]`. Lines of names that are
 * not wanted are only looked at as far as their name. Undefined: it is no sample.
 */
export function parseSampleLine(line: string, isWanted: (name: string) => boolean): SampleLine | undefined {
  const nameEnd = endOfName(line, 0);
  if (nameEnd === 0) {
    return undefined;
  }
  const name = line.slice(0, nameEnd);
  const next = line[nameEnd];
  if (next !== '{' && next !== ' ' && next !== '\t') {
    return undefined;
  }
  if (!isWanted(name)) {
    return endsInNumber(line) ? { kind: 'unwanted' } : undefined;
  }
  const labels: Record<string, string> = {};
  const at = next === '{' ? readLabels(line, nameEnd + 1, labels) : nameEnd;
  const value = at === undefined ? undefined : readValue(line.slice(at));
  return value === undefined ? undefined : { kind: 'wanted', name, labels, value };
}

/** A cheap look at a line of which no more is wanted: prose and markup rarely end as every sample does. */
function endsInNumber(line: string): boolean {
  const last = line.charCodeAt(line.length - 1);
  return (last >= 48 && last <= 57) || line.endsWith('NaN') || line.endsWith('Inf');
}

/** The index after the name that begins at `start`. Names are `[a-zA-Z_:][a-zA-Z0-9_:]*`. */
function endOfName(line: string, start: number): number {
  let at = start;
  for (; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 58;
    const isDigit = code >= 48 && code <= 57;
    if (!isLetter && !(isDigit && at > start)) {
      break;
    }
  }
  return at;
}

/** Reads labels into `labels`; the index after the closing brace. */
function readLabels(line: string, start: number, labels: Record<string, string>): number | undefined {
  let at = skipBlanks(line, start);
  while (line[at] !== '}') {
    const end = endOfName(line, at);
    const equals = skipBlanks(line, end);
    const quote = skipBlanks(line, equals + 1);
    if (end === at || line[equals] !== '=' || line[quote] !== '"') {
      return undefined;
    }
    const text = readQuoted(line, quote + 1);
    if (text === undefined) {
      return undefined;
    }
    // A label named `__proto__` must not become the prototype.
    Object.defineProperty(labels, line.slice(at, end), { value: text.value, enumerable: true, configurable: true });
    at = skipBlanks(line, text.end);
    if (line[at] === ',') {
      at = skipBlanks(line, at + 1);
    } else if (line[at] !== '}') {
      return undefined;
    }
  }
  return at + 1;
}

/** A quoted text from after its quote, with `\\`, `\"` and `\n` undone, and the index after its closing quote. */
function readQuoted(line: string, start: number): { readonly value: string; readonly end: number } | undefined {
  let value = '';
  for (let at = start; at < line.length; at += 1) {
    const char = line[at];
    if (char === '"') {
      return { value, end: at + 1 };
    }
    if (char === '\\') {
      at += 1;
      value += line[at] === 'n' ? '\n' : (line[at] ?? '');
    } else {
      value += char;
    }
  }
  return undefined;
}

const infinities: Readonly<Record<string, number>> = {
  '+Inf': Number.POSITIVE_INFINITY,
  Inf: Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
};

function readValue(text: string): number | undefined {
  const words = text.split(/[ \t]+/).filter((word) => word !== '');
  const [value, timestamp] = words;
  if (value === undefined || words.length > 2 || (timestamp !== undefined && !/^-?\d+$/.test(timestamp))) {
    return undefined;
  }
  if (Object.hasOwn(infinities, value)) {
    return infinities[value];
  }
  // Number() would take hexadecimal too.
  return /^[-+]?[0-9.]+(?:e[-+]?\d+)?$/i.test(value) && !Number.isNaN(Number(value)) ? Number(value) : undefined;
}

function skipBlanks(line: string, start: number): number {
  let at = start;
  while (line[at] === ' ' || line[at] === '\t') {
    at += 1;
  }
  return at;
}

/** A sample of a page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A page, read strictly by the grammar that both formats share. Throws at the first line that breaks it. */
export interface ParsedPage {
  readonly samples: readonly Sample[];
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  /** The page ended with `# EOF`. */
  readonly hasEof: boolean;
}

export function parsePage(text: string): ParsedPage {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  let hasEof = false;
  if (!text.endsWith('\n')) {
    throw new Error('the page does not end with a line end');
  }
  for (const line of text.slice(0, -1).split('\n')) {
    if (hasEof) {
      throw new Error(`after # EOF: ${line}`);
    }
    const meta = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (meta !== null) {
      const [, kind = '', name = '', rest = ''] = meta;
      const into = kind === 'HELP' ? helps : types;
      if (into.has(name)) {
        throw new Error(`twice: ${line}`);
      }
      into.set(name, rest);
    } else if (line === '# EOF') {
      hasEof = true;
    } else if (line !== '') {
      samples.push(parseSample(line));
    }
  }
  return { samples, types, helps, hasEof };
}

function parseSample(line: string): Sample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (match === null) {
    throw new Error(`no sample: ${line}`);
  }
  const [, name = '', labels = '', value = ''] = match;
  return { name, labels: parseLabels(labels), value: parseValue(value) };
}

function parseLabels(text: string): Record<string, string> {
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
  const labels: Record<string, string> = {};
  while (pair.lastIndex < text.length) {
    const at = pair.lastIndex;
    const match = pair.exec(text);
    if (match === null) {
      throw new Error(`no label at ${text.slice(at)}`);
    }
    const [, name = '', escaped = ''] = match;
    labels[name] = escaped.replace(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char));
  }
  return labels;
}

function parseValue(text: string): number {
  const value = text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
  if (Number.isNaN(value)) {
    throw new Error(`no number: ${text}`);
  }
  return value;
}

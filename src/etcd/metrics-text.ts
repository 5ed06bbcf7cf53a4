import type { MetricSample } from './types.ts';

/** The page is not what a metrics page looks like. `line` counts from 1. */
export class MetricsSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
  }
}

/** Longer lines are not metrics. Etcd's longest are a few hundred characters. */
const LONGEST_LINE = 64 * 1024;
const HISTOGRAM_PARTS = ['_bucket', '_sum', '_count'];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/**
 * Parses Prometheus' text format as it arrives, line by line, and keeps only the families that are wanted: lines of all
 * others are looked at no further than their name. Throws `MetricsSyntaxError` at the first line that cannot be right.
 *
 * The format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export class MetricsText {
  readonly #families: ReadonlySet<string>;
  readonly #samples = new Map<string, MetricSample[]>();
  readonly #histograms = new Set<string>();
  #rest = '';
  #line = 0;
  #seen = 0;

  /** Names of families; a histogram's brings its `_bucket`, `_sum` and `_count`. */
  constructor(families: Iterable<string>) {
    this.#families = new Set(families);
  }

  /** The next piece of the page; lines may be cut anywhere between pieces. */
  push(piece: string): void {
    const text = this.#rest + piece;
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#takeLine(text.slice(start, text[end - 1] === '\r' ? end - 1 : end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > LONGEST_LINE)
      this.#fail(this.#line + 1, `no line is longer than ${LONGEST_LINE} characters`);
  }

  /** The page is complete: its samples by full name. Throws when it cannot be. */
  end(): ReadonlyMap<string, readonly MetricSample[]> {
    if (this.#rest !== '') this.#fail(this.#line + 1, `the page ends in the middle of ${quote(this.#rest)}`);
    if (this.#seen === 0) this.#fail(this.#line + 1, 'the page has no sample at all');
    for (const family of this.#histograms) {
      if (!this.#samples.has(`${family}_count`)) this.#fail(this.#line, `the page ends in the middle of ${family}`);
    }
    return this.#samples;
  }

  #takeLine(line: string): void {
    this.#line += 1;
    if (line === '') return;
    if (line.startsWith('#')) {
      this.#takeComment(line);
      return;
    }
    const end = nameEnd(line);
    const next = line[end];
    if (end === 0 || (next !== '{' && next !== ' ' && next !== '\t')) this.#fail(this.#line, `found ${quote(line)}`);
    this.#seen += 1;
    const name = line.slice(0, end);
    if (this.#wanted(name)) this.#takeSample(name, line, end);
  }

  #takeComment(line: string): void {
    const [, keyword, name, type] = line.split(' ', 4);
    if (keyword === 'TYPE' && type === 'histogram' && name !== undefined && this.#families.has(name)) {
      this.#histograms.add(name);
    }
  }

  #takeSample(name: string, line: string, nameEndsAt: number): void {
    const labels: Record<string, string> = {};
    const at = line[nameEndsAt] === '{' ? this.#takeLabels(line, nameEndsAt + 1, labels) : nameEndsAt;
    // A time stamp may follow the value; etcd gives none, and the time of reading is what counts here.
    const [text = ''] = line.slice(at).trim().split(/[ \t]/, 1);
    const value = numberOf(text);
    if (value === undefined) this.#fail(this.#line, `${quote(text)} is not a number, in ${quote(line)}`);
    const samples = this.#samples.get(name);
    if (samples === undefined) this.#samples.set(name, [{ name, labels, value }]);
    else samples.push({ name, labels, value });
  }

  /** Reads `label="value",…}`; gives where the value begins. */
  #takeLabels(line: string, start: number, labels: Record<string, string>): number {
    let at = start;
    while (line[at] !== '}') {
      const equals = line.indexOf('=', at);
      if (equals === -1 || line[equals + 1] !== '"') this.#fail(this.#line, `a label is cut off in ${quote(line)}`);
      const label = line.slice(at, equals).trim();
      let value = '';
      at = equals + 2;
      for (let char = line[at]; char !== '"'; char = line[at]) {
        if (char === undefined) this.#fail(this.#line, `a label is cut off in ${quote(line)}`);
        if (char === '\\') {
          at += 1;
          value += ESCAPES[line[at] ?? ''] ?? `\\${line[at] ?? ''}`;
        } else value += char;
        at += 1;
      }
      labels[label] = value;
      at += 1;
      while (line[at] === ',' || line[at] === ' ') at += 1;
    }
    return at + 1;
  }

  #wanted(name: string): boolean {
    if (this.#families.has(name)) return true;
    return HISTOGRAM_PARTS.some((part) => name.endsWith(part) && this.#families.has(name.slice(0, -part.length)));
  }

  #fail(line: number, reason: string): never {
    throw new MetricsSyntaxError(line, reason);
  }
}

/** Where the metric's name ends: letters, digits, `_` and `:`, no digit first. 0 when the line does not begin with one. */
function nameEnd(line: string): number {
  let at = 0;
  for (; at < line.length; at += 1) {
    const code = line.charCodeAt(at) | 0x20;
    const isLetter = code >= 0x61 && code <= 0x7a;
    const char = line[at];
    const isDigit = char !== undefined && char >= '0' && char <= '9';
    if (!isLetter && char !== '_' && char !== ':' && !(isDigit && at > 0)) break;
  }
  return at;
}

function numberOf(text: string): number | undefined {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  // Number() takes more than decimal numbers: nothing, hexadecimal, "Infinity".
  return /^[+-]?[\d.]+(?:e[+-]?\d+)?$/i.test(text) && !Number.isNaN(Number(text)) ? Number(text) : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

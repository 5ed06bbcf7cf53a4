import { parseSampleLine } from './metrics-line.ts';
import type { MetricSample } from './types.ts';

/** The page is not what a metrics page looks like. */
export class MetricsSyntaxError extends Error {
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
  }
}

/** Longer lines are not metrics. Etcd's longest are a few hundred characters. */
const LONGEST_LINE_CHARACTERS = 64 * 1024;
const SUFFIXES = ['', '_bucket', '_sum', '_count'];

/**
 * Parses Prometheus' text format as it arrives, line by line, and keeps only the families that are wanted: lines of all
 * others are looked at no further than their name. Throws `MetricsSyntaxError` at the first line that cannot be right.
 *
 * The format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export class MetricsText {
  readonly #wanted: ReadonlySet<string>;
  readonly #samples = new Map<string, MetricSample[]>();
  readonly #histograms = new Set<string>();
  #rest = '';
  #line = 0;
  #seen = 0;

  /** Names of families; a histogram's brings its `_bucket`, `_sum` and `_count`. */
  constructor(families: Iterable<string>) {
    this.#wanted = new Set([...families].flatMap((family) => SUFFIXES.map((suffix) => family + suffix)));
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
    if (this.#rest.length > LONGEST_LINE_CHARACTERS) {
      throw new MetricsSyntaxError(this.#line + 1, `longer than ${LONGEST_LINE_CHARACTERS} characters`);
    }
  }

  /** The page is complete: its samples by full name. Throws when it cannot be. */
  end(): ReadonlyMap<string, readonly MetricSample[]> {
    if (this.#rest !== '') throw new MetricsSyntaxError(this.#line + 1, `the page ends within ${quote(this.#rest)}`);
    if (this.#seen === 0) throw new MetricsSyntaxError(this.#line + 1, 'the page has no sample at all');
    for (const family of this.#histograms) {
      // The count is a histogram's last line.
      if (!this.#samples.has(`${family}_count`)) {
        throw new MetricsSyntaxError(this.#line + 1, `the page ends within the histogram ${family}`);
      }
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
    const sample = parseSampleLine(line, (name) => this.#wanted.has(name));
    if (sample === undefined) throw new MetricsSyntaxError(this.#line, `this is no sample: ${quote(line)}`);
    this.#seen += 1;
    if (sample.kind === 'unwanted') return;
    const { name, labels, value } = sample;
    const known = this.#samples.get(name);
    if (known === undefined) this.#samples.set(name, [{ name, labels, value }]);
    else known.push({ name, labels, value });
  }

  #takeComment(line: string): void {
    const [, keyword, name, type] = line.split(' ', 4);
    if (keyword === 'TYPE' && type === 'histogram' && name !== undefined && this.#wanted.has(name)) {
      this.#histograms.add(name);
    }
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

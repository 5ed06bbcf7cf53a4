import { StringDecoder } from 'node:string_decoder';
import { EtcdError } from './errors.ts';
import { parseSampleLine, type SampleLine } from './metrics-line.ts';
import { openPage } from './metrics-request.ts';
import type { MetricSample, MetricsPage, TlsFiles } from './types.ts';

export interface MetricsPageOptions {
  /** The whole URL: `http://127.0.0.1:2379/metrics`. */
  readonly url: string;
  /** The member's name, for errors. */
  readonly member: string;
  /** Read at every call, so a renewed certificate is used at once. */
  readonly tls?: TlsFiles;
  /** Names of the families to keep, without the suffixes of a histogram; everything else is passed over. */
  readonly families: readonly string[];
  readonly signal: AbortSignal;
  /** A page that is larger is refused; default 16 MiB (etcd's own is about 100 KiB). */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 16 * 1024 * 1024;
const suffixes = ['', '_bucket', '_sum', '_count'] as const;

/**
 * Reads etcd's own metrics page as it arrives, line by line, and keeps the samples of some families.
 * @throws EtcdError `ETCD_METRICS_GARBLED` with the line, `ETCD_METRICS_REFUSED`, or what a connection fails with
 */
export async function fetchMetricsPage(options: MetricsPageOptions): Promise<MetricsPage> {
  const page = await openPage(options);
  const reader = new PageReader(options);
  try {
    for await (const chunk of page) {
      reader.take(chunk);
    }
  } catch (error) {
    throw error instanceof EtcdError ? error : reader.garbled(`it was cut off (${reasonOf(error)})`, error);
  }
  return reader.finish();
}

/** Takes a page in pieces of any size. The format: Prometheus text 0.0.4, with `\n` after every line, the last one too. */
export class PageReader {
  readonly #options: Pick<MetricsPageOptions, 'url' | 'member' | 'families' | 'maxBytes'>;
  readonly #wanted: ReadonlySet<string>;
  readonly #decoder = new StringDecoder('utf8');
  readonly #samples = new Map<string, MetricSample[]>();
  #rest = '';
  #line = 0;
  #bytes = 0;

  constructor(options: Pick<MetricsPageOptions, 'url' | 'member' | 'families' | 'maxBytes'>) {
    this.#options = options;
    this.#wanted = new Set(options.families.flatMap((family) => suffixes.map((suffix) => family + suffix)));
  }

  /** Takes the next piece. Throws `ETCD_METRICS_GARBLED`. */
  take(chunk: Buffer): void {
    const maxBytes = this.#options.maxBytes ?? defaultMaxBytes;
    this.#bytes += chunk.length;
    if (this.#bytes > maxBytes) {
      throw this.garbled(`it is larger than ${maxBytes} bytes`);
    }
    const text = this.#rest + this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#takeLine(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
  }

  /** The page, once all of it has been taken. Throws `ETCD_METRICS_GARBLED` where it ends within a line, or is empty. */
  finish(): MetricsPage {
    if (this.#rest + this.#decoder.end() !== '') {
      this.#line += 1;
      throw this.garbled(`it ends within a line: ${quote(this.#rest)}`);
    }
    if (this.#line === 0) {
      throw this.garbled('it is empty');
    }
    return { readAtMs: Date.now(), readAtMonotonicMs: performance.now(), samples: this.#samples };
  }

  /** The error for a page that is not as it should be. */
  garbled(problem: string, cause?: unknown): EtcdError {
    const { url, member } = this.#options;
    const message = `Cannot read the metrics page ${url} of ${member}: ${problem} (line ${this.#line})`;
    return new EtcdError('ETCD_METRICS_GARBLED', message, { member, cause });
  }

  #takeLine(text: string): void {
    this.#line += 1;
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (line === '' || line.startsWith('#')) {
      return;
    }
    const sample: SampleLine | undefined = parseSampleLine(line, (name) => this.#wanted.has(name));
    if (sample === undefined) {
      throw this.garbled(`this is no sample: ${quote(line)}`);
    }
    if (sample.kind === 'unwanted') {
      return;
    }
    const { name, labels, value } = sample;
    const known = this.#samples.get(name);
    if (known === undefined) {
      this.#samples.set(name, [{ name, labels, value }]);
    } else {
      known.push({ name, labels, value });
    }
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

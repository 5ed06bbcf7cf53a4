import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Registry } from 'prom-client';
import { faultOf } from '../cluster/agent-error.ts';
import type { Observation } from '../cluster/observation.ts';
import { FaultFolder } from './log/fault-folder.ts';
import type { MetricFamily, MetricSeries } from './metric-family.ts';
import { metricGroups } from './metrics/list.ts';
import { type NamedMetric, registerMetric } from './prometheus-metric.ts';
import { selfMetrics } from './self-metrics.ts';

/** Every metric that is read from an observation carries this before its name. */
export const metricPrefix = 'etcd_caretaker_';

/** The exposition formats: Prometheus text 0.0.4 and OpenMetrics 1.0.0. */
export type PageFormat = 'text' | 'openmetrics';

/** A rendered page of metrics. */
interface Page {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Renders the metrics of the newest observation. */
export interface MetricsRegistry {
  /** The page in one format, plain or gzipped. The buffer is shared: do not change it. */
  readonly page: (format: PageFormat, encoding: 'identity' | 'gzip') => Promise<Page>;
}

export interface RegistryOptions {
  readonly observation: () => Observation;
  /** How old a page of an unchanged observation may get before the agent's own process is read again; default 1 s. */
  readonly maxAgeMs?: number;
  /** Monotonic clock. */
  readonly nowMs?: () => number;
  /**
   * Told when a metric could not be read; the rest of the page is served. A lasting failure is told once, then once in
   * 5 minutes, however often the page is rendered.
   */
  readonly onError?: (metric: string, error: unknown) => void;
  /** Default: all of `metrics/list.ts`. */
  readonly families?: readonly MetricFamily[];
  /** Whether the agent's own process is on the page; default true. */
  readonly self?: boolean;
}

const compress = promisify(gzip);
const eof = '# EOF\n';

/** The observed part of a page, which is the larger one: rendered once per observation. */
interface ObservedPart {
  readonly observation: Observation;
  readonly text: Promise<string>;
}

/** A whole page: rendered anew for the agent's own process once a second. */
interface Rendering {
  readonly observed: ObservedPart;
  readonly madeAtMs: number;
  readonly plain: Promise<Buffer>;
  zipped?: Promise<Buffer>;
}

/**
 * A registry that renders each format at most once per observation, and the agent's own process once per second, however
 * many scrapers come at once: a scrape copies a ready buffer.
 */
export function createRegistry(given: RegistryOptions): MetricsRegistry {
  const options = { ...given, onError: foldedErrors(given) };
  const pages = {
    text: pagesOf(options, Registry.PROMETHEUS_CONTENT_TYPE),
    openmetrics: pagesOf(options, Registry.OPENMETRICS_CONTENT_TYPE),
  };
  return { page: (format, encoding) => pages[format](encoding) };
}

/** How often a lasting failure of one metric is told again. */
const foldPeriodMs = 300_000;

/** Tells of a metric's failure as often as it is news; both formats fail together. */
function foldedErrors({ onError, nowMs }: RegistryOptions): NonNullable<RegistryOptions['onError']> {
  const folder = new FaultFolder(foldPeriodMs, nowMs ?? (() => performance.now()));
  return (metric, error) => {
    if (folder.failed({ collector: metric }, faultOf(error)) !== undefined) {
      onError?.(metric, error);
    }
  };
}

type ContentType = typeof Registry.PROMETHEUS_CONTENT_TYPE | typeof Registry.OPENMETRICS_CONTENT_TYPE;

/** The pages of one format. */
function pagesOf(options: RegistryOptions, contentType: ContentType): (encoding: 'identity' | 'gzip') => Promise<Page> {
  const { maxAgeMs = 1000, nowMs = () => performance.now() } = options;
  const observedMetrics = registryOf(observedIn(options), contentType);
  const ownMetrics = registryOf(options.self === false ? [] : ownOf(options), contentType);
  let newest: Rendering | undefined;

  const render = (): Rendering => {
    const observation = options.observation();
    const now = nowMs();
    if (newest?.observed.observation === observation && now - newest.madeAtMs < maxAgeMs) {
      return newest;
    }
    const observed =
      newest?.observed.observation === observation ? newest.observed : { observation, text: partOf(observedMetrics) };
    const end = contentType === Registry.OPENMETRICS_CONTENT_TYPE ? eof : '';
    const plain = Promise.all([observed.text, partOf(ownMetrics), end]).then((parts) => Buffer.from(parts.join('')));
    newest = { observed, madeAtMs: now, plain };
    return newest;
  };

  return async (encoding) => {
    const rendering = render();
    if (encoding === 'identity') {
      return { contentType, body: await rendering.plain };
    }
    rendering.zipped ??= rendering.plain.then((page) => compress(page));
    return { contentType, body: await rendering.zipped };
  };
}

/** What a registry renders, as a part of a page: without the end mark, and nothing at all where it is empty. */
async function partOf(registry: Registry<ContentType>): Promise<string> {
  const page = await registry.metrics();
  const part = page.endsWith(eof) ? page.slice(0, -eof.length) : page;
  return part.trim() === '' ? '' : part;
}

function registryOf(metrics: readonly NamedMetric[], contentType: ContentType): Registry<ContentType> {
  const registry = new Registry<ContentType>();
  registry.setContentType(contentType);
  for (const metric of metrics) {
    registerMetric(registry, metric);
  }
  return registry;
}

function observedIn(options: RegistryOptions): readonly NamedMetric[] {
  const { observation, families = metricGroups.flatMap((group) => group.families) } = options;
  return families.map(({ name, read, ...rest }) => {
    const fullName = `${metricPrefix}${name}`;
    return { ...rest, name: fullName, read: guarded(fullName, () => read(observation()), options) };
  });
}

function ownOf(options: RegistryOptions): readonly NamedMetric[] {
  return selfMetrics.map(({ name, read, ...rest }) => {
    const series = (): readonly MetricSeries[] => {
      const value = read();
      return value === undefined ? [] : [{ labels: {}, value }];
    };
    return { ...rest, name, labels: [], read: guarded(name, series, options) };
  });
}

/** A metric that cannot be read is missing from the page; the others are there. */
function guarded(
  name: string,
  read: () => readonly MetricSeries[],
  { onError }: RegistryOptions,
): () => readonly MetricSeries[] {
  return () => {
    try {
      return read();
    } catch (error) {
      onError?.(name, error);
      return [];
    }
  };
}

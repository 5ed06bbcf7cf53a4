import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Registry } from 'prom-client';
import type { Observation } from '../cluster/observation.ts';
import type { MetricFamily, MetricSeries } from './metric-family.ts';
import { metricGroups } from './metrics/list.ts';
import { type NamedMetric, registerMetric } from './prometheus-metric.ts';
import { selfMetrics } from './self-metrics.ts';

/** Every metric that is read from an observation carries this before its name. */
export const metricPrefix = 'etcd_caretaker_';

/** The exposition formats: Prometheus text 0.0.4 and OpenMetrics 1.0.0. */
export type PageFormat = 'text' | 'openmetrics';

/** A rendered page of metrics. */
export interface Page {
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
  /** Told when a metric could not be read; the rest of the page is served. */
  readonly onError?: (metric: string, error: unknown) => void;
  /** Default: all of `metrics/list.ts`. */
  readonly families?: readonly MetricFamily[];
  /** Whether the agent's own process is on the page; default true. */
  readonly self?: boolean;
}

const compress = promisify(gzip);

interface Rendering {
  readonly observation: Observation;
  readonly madeAtMs: number;
  readonly plain: Promise<Buffer>;
  zipped?: Promise<Buffer>;
}

/**
 * A registry that renders each format at most once per observation and once per second, however many scrapers come at
 * once: a scrape copies a ready buffer.
 */
export function createRegistry(options: RegistryOptions): MetricsRegistry {
  const maxAgeMs = options.maxAgeMs ?? 1000;
  const nowMs = options.nowMs ?? (() => performance.now());
  const registries = {
    text: registryOf(options, Registry.PROMETHEUS_CONTENT_TYPE),
    openmetrics: registryOf(options, Registry.OPENMETRICS_CONTENT_TYPE),
  };
  const newest: Partial<Record<PageFormat, Rendering>> = {};

  const renderingOf = (format: PageFormat): Rendering => {
    const known = newest[format];
    const observation = options.observation();
    const now = nowMs();
    if (known !== undefined && known.observation === observation && now - known.madeAtMs < maxAgeMs) {
      return known;
    }
    const plain = registries[format].metrics().then((page) => Buffer.from(page));
    const made: Rendering = { observation, madeAtMs: now, plain };
    newest[format] = made;
    return made;
  };

  return {
    page: async (format, encoding) => {
      const rendering = renderingOf(format);
      if (encoding === 'gzip') {
        rendering.zipped ??= rendering.plain.then((page) => compress(page));
      }
      const body = await (encoding === 'gzip' ? rendering.zipped : rendering.plain);
      return { contentType: registries[format].contentType, body: body ?? (await rendering.plain) };
    },
  };
}

function registryOf(
  options: RegistryOptions,
  contentType: typeof Registry.PROMETHEUS_CONTENT_TYPE | typeof Registry.OPENMETRICS_CONTENT_TYPE,
): Registry<typeof contentType> {
  const registry = new Registry<typeof contentType>();
  registry.setContentType(contentType);
  for (const metric of namedMetrics(options)) {
    registerMetric(registry, metric);
  }
  return registry;
}

function namedMetrics(options: RegistryOptions): readonly NamedMetric[] {
  const { observation, onError, families = metricGroups.flatMap((group) => group.families), self = true } = options;
  const guarded = (name: string, read: () => readonly MetricSeries[]): (() => readonly MetricSeries[]) => {
    return () => {
      try {
        return read();
      } catch (error) {
        onError?.(name, error);
        return [];
      }
    };
  };
  const observed = families.map(({ name, help, type, labels, read }): NamedMetric => {
    const fullName = `${metricPrefix}${name}`;
    return { name: fullName, help, type, labels, read: guarded(fullName, () => read(observation())) };
  });
  const own = selfMetrics.map(
    ({ name, help, type, read }): NamedMetric => ({
      name,
      help,
      type,
      labels: [],
      read: guarded(name, () => {
        const value = read();
        return value === undefined ? [] : [{ labels: {}, value }];
      }),
    }),
  );
  return self ? [...observed, ...own] : observed;
}

import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { Observation } from '../../src/cluster/observation.ts';
import type { MetricFamily, MetricSeries } from '../../src/expose/metric-family.ts';
import { createRegistry, type PageFormat } from '../../src/expose/registry.ts';
import { emptyObservation } from './support/full-observation.ts';
import { parsePage } from './support/metrics-text.ts';

function family(series: readonly MetricSeries[], type: MetricFamily['type'] = 'gauge'): MetricFamily {
  return { name: `x${type === 'counter' ? '_total' : ''}`, help: 'X.', type, labels: ['a', 'b'], read: () => series };
}

async function pageOf(families: readonly MetricFamily[], format: PageFormat = 'text'): Promise<string> {
  const registry = createRegistry({ observation: () => emptyObservation, families, self: false });
  return (await registry.page(format, 'identity')).body.toString();
}

describe('the exposition', () => {
  const formats = fc.constantFrom<PageFormat>('text', 'openmetrics');
  const label = fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', '#', ' ', 'ü', '\u{1f600}'),
  });

  it('brings any label value through unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(formats, label, label, async (format, a, b) => {
        const { samples } = parsePage(await pageOf([family([{ labels: { a, b }, value: 1 }])], format));
        expect(samples).toEqual([{ name: 'etcd_caretaker_x', labels: { a, b }, value: 1 }]);
      }),
    );
  });

  it('brings any number through unchanged, infinite ones too, and leaves out what is none', async () => {
    await fc.assert(
      fc.asyncProperty(formats, fc.double(), async (format, value) => {
        const { samples } = parsePage(await pageOf([family([{ labels: {}, value }])], format));
        // Minus zero is zero.
        expect(samples.map((sample) => sample.value)).toEqual(Number.isNaN(value) ? [] : [value + 0]);
      }),
    );
  });

  it('never shows a counter that is not finite', async () => {
    expect(parsePage(await pageOf([family([{ labels: {}, value: Infinity }], 'counter')])).samples).toEqual([]);
  });

  it('writes a histogram with cumulative buckets that end in +Inf, sum and count', async () => {
    const value = { edges: [0.25, 1], counts: [3, 5], sum: 4.5, count: 6 };
    const { samples } = parsePage(await pageOf([family([{ labels: { a: 'x' }, value }], 'histogram')]));
    expect(samples.map((sample) => [sample.name.slice(15), sample.labels, sample.value])).toEqual([
      ['x_bucket', { a: 'x', le: '0.25' }, 3],
      ['x_bucket', { a: 'x', le: '1.0' }, 5],
      ['x_bucket', { a: 'x', le: '+Inf' }, 6],
      ['x_sum', { a: 'x' }, 4.5],
      ['x_count', { a: 'x' }, 6],
    ]);
  });

  it('shows one series of two with the same labels, so that Prometheus takes the page', async () => {
    const series = [
      { labels: { a: '1', b: '2' }, value: 1 },
      { labels: { b: '2', a: '1' }, value: 2 },
    ];
    expect(parsePage(await pageOf([family(series)])).samples.map(({ value }) => value)).toEqual([1]);
  });

  it('serves the rest of the page when one metric cannot be read, and says which', async () => {
    const failures: string[] = [];
    const broken: MetricFamily = {
      ...family([]),
      name: 'broken',
      read: () => {
        throw new Error('boom');
      },
    };
    const registry = createRegistry({
      observation: () => emptyObservation,
      families: [broken, family([{ labels: {}, value: 1 }])],
      self: false,
      onError: (metric) => failures.push(metric),
    });
    const { body } = await registry.page('text', 'identity');
    expect(parsePage(body.toString()).samples).toHaveLength(1);
    expect(failures).toEqual(['etcd_caretaker_broken']);
  });

  it('tells of a metric that cannot be read once and then once in five minutes, not at each render', async () => {
    let now = 0;
    let sentence = 'boom';
    const failures: unknown[] = [];
    const broken: MetricFamily = {
      ...family([]),
      read: () => {
        throw new AgentError(sentence.toUpperCase(), sentence);
      },
    };
    const registry = createRegistry({
      observation: () => ({ ...emptyObservation }),
      families: [broken],
      self: false,
      nowMs: () => now,
      onError: (_, error) => failures.push(error instanceof Error ? error.message : error),
    });
    const renderForMinutes = async (minutes: number): Promise<void> => {
      for (let seconds = 0; seconds < minutes * 60; seconds += 15) {
        await registry.page('text', 'identity');
        await registry.page('openmetrics', 'identity');
        now += 15_000;
      }
    };
    await renderForMinutes(4);
    expect(failures).toEqual(['boom']);
    sentence = 'bang';
    await renderForMinutes(3);
    expect(failures).toEqual(['boom', 'bang']);
    sentence = 'boom';
    await renderForMinutes(4);
    expect(failures).toEqual(['boom', 'bang', 'boom']);
  });
});

describe('a page', () => {
  function counted(): {
    reads: () => number;
    registry: ReturnType<typeof createRegistry>;
    next: () => void;
    tick: (ms: number) => void;
  } {
    let reads = 0;
    let now = 0;
    let observation: Observation = emptyObservation;
    const counting: MetricFamily = {
      ...family([]),
      read: () => {
        reads += 1;
        return [{ labels: {}, value: reads }];
      },
    };
    const registry = createRegistry({ observation: () => observation, families: [counting], nowMs: () => now });
    return {
      reads: () => reads,
      registry,
      next: () => {
        observation = { ...emptyObservation };
      },
      tick: (ms) => {
        now += ms;
      },
    };
  }

  it('is rendered once for many scrapers, plain and gzipped', async () => {
    const { registry, reads } = counted();
    const pages = await Promise.all(
      Array.from({ length: 16 }, (_, i) => registry.page('text', i % 2 === 0 ? 'gzip' : 'identity')),
    );
    expect(reads()).toBe(1);
    expect(new Set(pages.map(({ body }) => body)).size).toBe(2);
    const [zipped, plain] = pages;
    expect(gunzipSync(zipped?.body ?? '')).toEqual(plain?.body);
  });

  it('is rendered again as soon as there is a new observation', async () => {
    const { registry, reads, next } = counted();
    await registry.page('text', 'identity');
    next();
    await registry.page('text', 'identity');
    expect(reads()).toBe(2);
  });

  it('is made again once a second for the own process, from the observed part that is there', async () => {
    const { registry, reads, tick } = counted();
    const page = async (): Promise<Buffer> => (await registry.page('text', 'identity')).body;
    const first = await page();
    tick(999);
    expect(await page()).toBe(first);
    tick(1);
    expect(await page()).not.toBe(first);
    expect(reads()).toBe(1);
  });

  it('has the process of the agent itself', async () => {
    const { body } = await createRegistry({ observation: () => emptyObservation, families: [] }).page(
      'text',
      'identity',
    );
    const values = new Map(parsePage(body.toString()).samples.map(({ name, value }) => [name, value]));
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(10e6);
    expect(values.get('process_open_fds')).toBeGreaterThan(2);
    expect(values.get('process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
    expect(values.get('process_cpu_seconds_total')).toBeGreaterThan(0);
  });
});

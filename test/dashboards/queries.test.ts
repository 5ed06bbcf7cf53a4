import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DashboardFile, readDashboards } from './dashboard-files.ts';
import { isListed } from './known-metrics.ts';
import { NOT_ALONE, ONLY_SOMETIMES } from './only-sometimes.ts';
import { annotationQueries, type PlacedQuery, panelQueries, selectedIn } from './queries-of.ts';
import { CLUSTERS, ScrapedClusters } from './scraped-clusters.ts';
import { filledIn, offered, type Values } from './variables.ts';

const [THREE, ONE] = CLUSTERS;
const dashboards = readDashboards();

/** Every dashboard as it may be opened: about both clusters where it takes several, and about every member of them. */
const pages = dashboards.flatMap((dashboard): readonly (readonly [string, DashboardFile, Values])[] => {
  const { title, templating } = dashboard;
  if (templating.list.some(({ name }) => name === 'member')) {
    const members = [...['m1', 'm2', 'm3'].map((member) => [THREE, member] as const), [ONE, 'm1'] as const];
    return members.map(([cluster, member]) => [`${title} (${member} ${cluster})`, dashboard, { cluster, member }]);
  }
  if (title === 'etcd / Fleet') return [[title, dashboard, { cluster: CLUSTERS.join('|') }]];
  return CLUSTERS.map((cluster) => [`${title} (${cluster})`, dashboard, { cluster }]);
});

/** Whether a query may have nothing to show in this cluster. */
function maybeEmpty({ place, expr }: PlacedQuery, values: Values): boolean {
  return (
    place in ONLY_SOMETIMES ||
    (values['cluster'] === ONE && place in NOT_ALONE) ||
    selectedIn(expr).some(({ metric }) => !isListed(metric))
  );
}

describe('on a real Prometheus that has scraped real clusters, with etcd 3.5 and 3.4', () => {
  let clusters: ScrapedClusters;
  beforeAll(async () => {
    clusters = await ScrapedClusters.start();
  });
  afterAll(() => clusters?.[Symbol.asyncDispose]());

  it.each(pages)('%s: every query of a panel returns data', async (_, dashboard, given) => {
    const { prometheus } = clusters;
    let values = given;
    await expect
      .poll(
        async () => {
          values = await offered(dashboard, given, prometheus);
          return Object.entries(values).filter(([, value]) => value === '');
        },
        { timeout: 60_000 },
      )
      .toEqual([]);
    const expected = panelQueries(dashboard).filter((query) => !maybeEmpty(query, values));
    let missing = expected;
    for (const untilMs = performance.now() + 60_000; missing.length > 0 && performance.now() < untilMs; ) {
      const answers = await Promise.all(
        missing.map(async (query) => ({ query, series: await prometheus.query(filledIn(query.expr, values)) })),
      );
      missing = answers.filter(({ series }) => series.length === 0).map(({ query }) => query);
      if (missing.length > 0) await sleep(500);
    }
    expect(missing).toEqual([]);
    expect(expected.length).toBeGreaterThan(5);
  });

  it.each(pages)('%s: what has nothing to show parses too, and so do annotations', async (_, dashboard, given) => {
    const { prometheus } = clusters;
    const values = await offered(dashboard, given, prometheus);
    const others = panelQueries(dashboard).filter((query) => maybeEmpty(query, values));
    for (const { expr } of [...others, ...annotationQueries(dashboard)]) {
      await prometheus.query(filledIn(expr, values));
    }
  });

  it('an operation that has ended is an annotation, also the first of its kind', async () => {
    const [annotation] = dashboards
      .flatMap(annotationQueries)
      .filter(({ place }) => place.endsWith('Operations ended'));
    const expr = filledIn(annotation?.expr ?? '', { cluster: THREE, __rate_interval: '5m' });
    await expect
      .poll(async () => (await clusters.prometheus.query(expr)).map(({ operation }) => operation), { timeout: 60_000 })
      .toContain('hash-check');
  });
});

it('what is listed as having nothing to show is a query of a panel', () => {
  const places = new Set(dashboards.flatMap(panelQueries).map(({ place }) => place));
  const listed = [...Object.keys(ONLY_SOMETIMES), ...Object.keys(NOT_ALONE)];
  expect(listed.filter((place) => !places.has(place))).toEqual([]);
});

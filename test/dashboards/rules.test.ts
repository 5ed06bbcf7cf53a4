import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { folder, panelsOf, readDashboards } from './dashboard-files.ts';
import { findLinter, lint } from './linter.ts';
import { annotationQueries, panelQueries, selectedIn } from './queries-of.ts';

const knownUnits: ReadonlySet<string> = new Set(Object.values(units).filter((each) => typeof each === 'string'));

const lintFile = z
  .object({
    exclusions: z.object({
      'target-counter-agg-rule': z.object({ entries: z.array(z.object({ dashboard: z.string(), panel: z.string() })) }),
    }),
  })
  .parse(parse(readFileSync(join(folder, '.lint'), 'utf8')));

describe.each(readDashboards().map((dashboard) => [dashboard.title, dashboard] as const))('%s', (_, dashboard) => {
  const panels = panelsOf(dashboard);
  const queried = dashboard.templating.list.filter(({ type }) => type === 'query');

  it('asks which Prometheus first, as Grafana’s linter wants it named, and which cluster', () => {
    const [first, second] = dashboard.templating.list;
    expect(first).toMatchObject({ type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus' });
    expect(second).toMatchObject({ type: 'query', name: 'cluster' });
  });

  it('asks for its variables anew when the time range changes', () => {
    expect(queried.filter(({ refresh }) => refresh !== 2)).toEqual([]);
  });

  it('is not edited in place: it is generated', () => {
    expect(dashboard.editable).toBe(false);
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    '%s: says what is normal and what to do',
    (__, panel) => {
      expect(panel.description).toMatch(/^.{20,}\n\n\*\*Normal:\*\* .+\n\n\*\*Otherwise:\*\* .{10,}$/s);
    },
  );

  it.each(panels.map((panel) => [panel.title, panel] as const))('%s: has a unit, queries and legends', (__, panel) => {
    expect(knownUnits).toContain(panel.fieldConfig?.defaults.unit);
    expect(panel.targets.length).toBeGreaterThan(0);
    expect(panel.targets.filter(({ legendFormat }) => legendFormat === '')).toEqual([]);
    expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length);
    for (const { datasource } of [panel, ...panel.targets]) {
      expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
    }
  });

  it('every range follows the time range or the scrape interval, and every rate the latter', () => {
    const exprs = [...panelQueries(dashboard), ...annotationQueries(dashboard)];
    const ranges = exprs.flatMap(({ expr }) => [...expr.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1]));
    expect(ranges.filter((range) => range !== '$__rate_interval' && range !== '$__range')).toEqual([]);
    expect(exprs.filter(({ expr }) => /\brate\([^[]*\[(?!\$__rate_interval\])/.test(expr))).toEqual([]);
  });

  it('every metric is of the chosen cluster', () => {
    const exprs = [...panelQueries(dashboard), ...annotationQueries(dashboard)];
    const elsewhere = exprs.filter(({ expr }) =>
      selectedIn(expr).some(({ matchers }) => !/\bcluster=~?"\$cluster"/.test(matchers ?? '')),
    );
    expect(elsewhere).toEqual([]);
  });

  it('counters are drawn as rates or increases, but where `.lint` says why not', () => {
    const bare = panelQueries(dashboard).filter(({ expr }) =>
      selectedIn(expr.replace(/\b(?:rate|increase)\([^()]*\)/g, '')).some(({ metric }) => metric.endsWith('_total')),
    );
    const panelOf = ({ place }: { readonly place: string }) => place.split(' / ')[0];
    const excused = lintFile.exclusions['target-counter-agg-rule'].entries;
    const known = excused.filter((entry) => entry.dashboard === dashboard.title).map((entry) => entry.panel);
    expect([...new Set(bare.map(panelOf))].toSorted()).toEqual(known.toSorted());
  });

  it('its panels lie in 24 columns, and none upon another', () => {
    const cells = dashboard.panels.flatMap(({ title, gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (__, cell) => ({ title, x: x + (cell % w), y: y + Math.floor(cell / w) })),
    );
    expect(cells.filter(({ x }) => x >= 24)).toEqual([]);
    expect(new Set(cells.map(({ x, y }) => `${x},${y}`)).size).toBe(cells.length);
  });

  it('numbers its panels, so that links to one of them stay', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

const linter = findLinter();
if (linter === undefined) {
  console.info(
    'dashboard-linter is not here: `npm run dashboards:lint` builds it where Go reaches it. The rules above are its own.',
  );
} else {
  it('Grafana’s own linter finds nothing', () => {
    expect(lint(linter)).toBe('');
  });
}

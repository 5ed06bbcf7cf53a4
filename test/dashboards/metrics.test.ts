import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RUNBOOKS } from '../../dashboards/src/runbooks.ts';
import { folder, panelsOf, readDashboards } from './dashboard-files.ts';
import { baseOf, isListed, OF_ETCD, rulesFile } from './known-metrics.ts';
import { annotationQueries, panelQueries, selectedIn } from './queries-of.ts';

const used = readDashboards().flatMap((dashboard) =>
  [...panelQueries(dashboard), ...annotationQueries(dashboard)].flatMap(({ place, expr }) =>
    selectedIn(expr).map(({ metric }) => ({ place: `${dashboard.title}: ${place}`, metric })),
  ),
);

it('every metric is one that the agents list, that etcd has in all versions, or that a recording rule makes', () => {
  const unknown = used.filter(({ metric }) => !isListed(metric));
  expect(unknown).toEqual([]);
});

it('no metric of etcd is named here that no dashboard reads', () => {
  const read = new Set(used.map(({ metric }) => metric));
  expect([...OF_ETCD].filter((metric) => !read.has(metric))).toEqual([]);
});

it('the links of the tables lead to dashboards', () => {
  const dashboards = readDashboards();
  const text = JSON.stringify(
    dashboards.map(({ uid }) => readFileSync(join(folder, `${uid.replace('etcd-caretaker-', '')}.json`), 'utf8')),
  );
  const linked = new Set([...text.matchAll(/\/d\/([\w-]+)/g)].map((match) => match[1]));
  expect(linked.size).toBeGreaterThan(0);
  const uids = new Set(dashboards.map(({ uid }) => uid));
  expect([...linked].filter((uid) => !uids.has(uid ?? ''))).toEqual([]);
});

/** What alerts stand on and no dashboard draws, each with the reason. */
const UNDRAWN: ReadonlyMap<string, string> = new Map([
  ['etcd_caretaker_cluster_info', 'whether labels are right; every dashboard takes its clusters from it'],
  ['etcd_caretaker_cluster_member_list_linearizable', 'whose view counts; a linearizable read is drawn'],
  ['etcd_caretaker_db_size_bytes', 'drawn as member_db_size_bytes, of all members'],
  ['etcd_caretaker_db_size_in_use_bytes', 'drawn as member_db_size_in_use_bytes, of all members'],
  ['etcd_caretaker_defrag_in_flight', 'drawn as etcd has it'],
  ['etcd_caretaker_member_boot_action', 'words, which `status` says'],
  ['etcd_caretaker_rounds_total', 'whose view counts; a gap in all else shows it'],
]);

if (existsSync(rulesFile)) {
  it('what the agents tell and alerts judge is drawn, so that whoever is woken can look', () => {
    const drawn = new Set(used.map(({ metric }) => baseOf(metric)));
    const rules = readFileSync(rulesFile, 'utf8');
    const judged = new Set([...rules.matchAll(/\betcd_caretaker_\w+/g)].map(([name]) => baseOf(name)));
    expect(judged.size).toBeGreaterThan(40);
    expect([...judged].filter((metric) => !drawn.has(metric) && !UNDRAWN.has(metric))).toEqual([]);
    expect([...UNDRAWN.keys()].filter((metric) => drawn.has(metric) || !judged.has(metric))).toEqual([]);
  });

  it('every runbook that a panel leads to is that of an alert', () => {
    const rules = readFileSync(rulesFile, 'utf8');
    const pages = new Set([...rules.matchAll(/runbook_url: ["']?(\S+?)["']?$/gm)].map((match) => match[1]));
    const linked = readDashboards().flatMap((dashboard) =>
      panelsOf(dashboard).flatMap(({ links }) => links.map(({ url }) => url.replace('${runbooks}', RUNBOOKS))),
    );
    expect(linked.length).toBeGreaterThan(0);
    expect(linked.filter((page) => !pages.has(page))).toEqual([]);
  });
}

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  defaultGridPos,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { BuildsVariable } from './variables.ts';

/** Panels under one heading; they fill the 24 columns from left to right. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface Frame {
  /** Part of its URL, the same for ever: other pages link to it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly BuildsVariable[];
  readonly annotations: readonly AnnotationQueryBuilder[];
  /** How far back it looks at first, as Grafana writes it: `now-6h`. */
  readonly from: string;
  readonly rows: readonly Row[];
}

const TAG = 'etcd-caretaker';

/** A dashboard with what all of them share: links to the others, one crosshair, and no editing of what is generated. */
export function frame({ uid, title, description, variables, annotations, from, rows }: Frame): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG, 'etcd'])
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh('30s')
    .variables([...variables])
    .annotations([...annotations])
    .link(
      new DashboardLinkBuilder('etcd-caretaker')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(afresh(panel));
  }
  return inSight(numbered(dashboard.build()));
}

/** Grafana 12 would put links and annotations into a menu; they are to be seen at the top of the page, as in Grafana 11. */
function inSight(dashboard: Dashboard): Dashboard {
  const links = (dashboard.links ?? []).map(({ placement: _, ...link }) => link);
  const list = (dashboard.annotations?.list ?? []).map(({ placement: _, ...annotation }) => annotation);
  return { ...dashboard, links, annotations: { list } };
}

/** A panel may stand on several dashboards, and each writes into it where it stands there. */
function afresh(panel: Builder<Panel>): Builder<Panel> {
  return {
    build: () => {
      const built = panel.build();
      return { ...built, gridPos: { ...(built.gridPos ?? defaultGridPos()) } };
    },
  };
}

/** Gives every panel its number, which is what links to a single panel hold. */
function numbered(dashboard: Dashboard): Dashboard {
  const panels = (dashboard.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 }));
  return { ...dashboard, panels };
}

import { type DashboardFile, panelsOf } from './dashboard-files.ts';

/** One query of a dashboard, and where it stands. */
export interface PlacedQuery {
  /** `panel / legend`, or `annotation / name`. */
  readonly place: string;
  readonly expr: string;
}

/** Every query of the panels of a dashboard. */
export function panelQueries(dashboard: DashboardFile): readonly PlacedQuery[] {
  return panelsOf(dashboard).flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => ({ place: `${title} / ${legendFormat}`, expr })),
  );
}

/** Every query of the annotations of a dashboard. */
export function annotationQueries({ annotations }: DashboardFile): readonly PlacedQuery[] {
  return annotations.list.map(({ name, expr }) => ({ place: `annotation / ${name}`, expr }));
}

/** A metric in a query, with its selector. */
export interface Selected {
  readonly metric: string;
  /** What stands between the braces; undefined where there are none. */
  readonly matchers: string | undefined;
}

const NAMES =
  /\b((?:etcd|etcd_caretaker|grpc|process|go|nodejs|os)_[\w:]+|etcd_caretaker:[\w:]+|ALERTS)\b(?:\{([^}]*)\})?/g;

/** The metrics that a query reads. */
export function selectedIn(expr: string): readonly Selected[] {
  // Labels such as grpc_method stand in `by (…)` and in matchers, and are no metrics.
  const bare = expr.replace(/\b(?:by|on|without|group_left|group_right) \([^)]*\)/g, '');
  return [...bare.matchAll(NAMES)].map(([, metric = '', matchers]) => ({ metric, matchers }));
}

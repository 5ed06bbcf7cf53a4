import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';
import type { PrefixTotals } from '../../cluster/sections.ts';
import type { AsJson } from '../../expose/as-json.ts';

/** One prefix as an area of the treemap, in px. */
export interface Tile {
  readonly totals: AsJson<PrefixTotals>;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** How busy it is beside the busiest one, 0 to 100, by the logarithm of its writes per second. */
  readonly heat: number;
}

interface Node {
  readonly totals?: AsJson<PrefixTotals>;
  readonly children?: readonly Node[];
}

/** Pure: areas by bytes, the largest first. What has no bytes has no area. */
export function tilesOf(prefixes: readonly AsJson<PrefixTotals>[], width: number, height: number): readonly Tile[] {
  const shown = prefixes.filter(({ bytes }) => Number(bytes) > 0);
  if (shown.length === 0 || width <= 0) return [];
  const busiest = Math.max(...shown.map(({ writesPerSecond }) => Number(writesPerSecond)));
  const root = hierarchy<Node>({ children: shown.map((totals) => ({ totals })) })
    .sum(({ totals }) => Number(totals?.bytes ?? 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const laid = treemap<Node>().tile(treemapSquarify).size([width, height]).paddingInner(2).round(true)(root);
  return laid.leaves().flatMap(({ data, x0, y0, x1, y1 }) =>
    data.totals === undefined
      ? []
      : [
          {
            totals: data.totals,
            left: x0,
            top: y0,
            width: x1 - x0,
            height: y1 - y0,
            heat: heatOf(Number(data.totals.writesPerSecond), busiest),
          },
        ],
  );
}

function heatOf(perSecond: number, busiest: number): number {
  return busiest <= 0 ? 0 : Math.round((Math.log1p(perSecond) / Math.log1p(busiest)) * 100);
}

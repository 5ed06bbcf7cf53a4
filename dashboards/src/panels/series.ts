import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from '../datasource.ts';
import { descriptionOf, type PanelText, runbookLinks } from '../panel-text.ts';
import { prometheusQuery, type Query } from '../query.ts';
import { drawLimits, type Limits } from './limits.ts';

export interface SeriesPanel extends PanelText {
  /** A unit of Grafana: see `@grafana/grafana-foundation-sdk/units`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of the 24 columns; default 8. */
  readonly width?: number;
  /** In rows of 30 pixels; default 8. */
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly limits?: Limits;
  /** One upon the other: only what adds up. */
  readonly stacked?: boolean;
  /** Bars for what is counted per interval. */
  readonly bars?: boolean;
  /** For what goes over several powers of ten. */
  readonly logarithmic?: boolean;
}

/** Lines over time, with the newest and the highest value of each in the legend. */
export function seriesPanel(panel: SeriesPanel): PanelBuilder {
  const { title, unit, queries, width = 8, height = 8, min, max, limits, stacked, bars, logarithmic } = panel;
  const built = new PanelBuilder()
    .title(title)
    .description(descriptionOf(panel))
    .links(runbookLinks(panel))
    .datasource(DATASOURCE)
    .targets(queries.map((query, index) => prometheusQuery(query, index, 'series')))
    .unit(unit)
    .span(width)
    .height(height)
    .drawStyle(bars === true ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(stacked === true || bars === true ? 40 : 8)
    .showPoints(VisibilityMode.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (min !== undefined) built.min(min);
  if (max !== undefined) built.max(max);
  if (stacked === true) built.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (logarithmic === true) {
    built.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
  }
  if (limits !== undefined) drawLimits(built, limits);
  return built;
}

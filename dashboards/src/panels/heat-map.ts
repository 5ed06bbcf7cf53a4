import {
  AxisPlacement,
  HeatmapCellLayout,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FilterValueRangeBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  HeatmapTooltipBuilder,
  PanelBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { DATASOURCE } from '../datasource.ts';
import { descriptionOf, type PanelText, runbookLinks } from '../panel-text.ts';
import { prometheusQuery } from '../query.ts';

export interface HeatMapPanel extends PanelText {
  /** The `…_bucket` series of a histogram in seconds, with its selector. */
  readonly buckets: string;
}

/**
 * Every duration of a histogram over time: how many fell into which bucket. Shows the second hump that a percentile hides.
 * As wide as the page, so that several of them lie upon each other by time.
 */
export function heatMapPanel(panel: HeatMapPanel): PanelBuilder {
  return (
    new PanelBuilder()
      .title(panel.title)
      .description(descriptionOf(panel))
      .links(runbookLinks(panel))
      .datasource(DATASOURCE)
      .withTarget(
        prometheusQuery(
          { expr: `sum by (le) (increase(${panel.buckets}[$__rate_interval]))`, legend: '{{le}}' },
          0,
          'buckets',
        ),
      )
      .unit(Short)
      .span(24)
      .height(8)
      .maxDataPoints(120)
      .calculate(false)
      .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
      .yAxis(new YAxisConfigBuilder().unit(Seconds).axisPlacement(AxisPlacement.Left))
      .color(
        new HeatmapColorOptionsBuilder()
          .mode(HeatmapColorMode.Scheme)
          .scheme('Oranges')
          .scale(HeatmapColorScale.Exponential)
          .exponent(0.5)
          .steps(64)
          .fill('dark-orange'),
      )
      // Cells that nothing fell into stay empty, so that a single slow one is seen.
      .filterValues(new FilterValueRangeBuilder().le(1e-9))
      .showValue(VisibilityMode.Never)
      .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true))
      .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear))
      .showLegend()
  );
}

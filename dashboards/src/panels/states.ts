import {
  LegendDisplayMode,
  LegendPlacement,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { NoUnit } from '@grafana/grafana-foundation-sdk/units';
import { DATASOURCE } from '../datasource.ts';
import { descriptionOf, type PanelText, runbookLinks } from '../panel-text.ts';
import { prometheusQuery, type Query } from '../query.ts';
import { type Words, wordsOf } from './words.ts';

export interface StatesPanel extends PanelText {
  readonly queries: readonly Query[];
  readonly words: Words;
  /** Of the 24 columns; default 12. */
  readonly width?: number;
  /** In rows of 30 pixels; default 8. */
  readonly height?: number;
  /** What is shown when there is nothing. */
  readonly none?: string;
}

/** When each of several things was in which state: a bar for each. */
export function statesPanel(panel: StatesPanel): PanelBuilder {
  const { title, queries, words, width = 12, height = 8, none = '–' } = panel;
  return new PanelBuilder()
    .title(title)
    .description(descriptionOf(panel))
    .links(runbookLinks(panel))
    .datasource(DATASOURCE)
    .targets(queries.map((query, index) => prometheusQuery(query, index, 'series')))
    .unit(NoUnit)
    .span(width)
    .height(height)
    .noValue(none)
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.8)
    .mappings(wordsOf(words))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    );
}

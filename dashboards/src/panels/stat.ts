import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { DATASOURCE } from '../datasource.ts';
import { descriptionOf, type PanelText, runbookLinks } from '../panel-text.ts';
import { prometheusQuery, type Query } from '../query.ts';
import { type Limits, thresholdsOf } from './limits.ts';
import { type Words, wordsOf } from './words.ts';

export interface StatPanel extends PanelText {
  /** A unit of Grafana: see `@grafana/grafana-foundation-sdk/units`. */
  readonly unit: string;
  readonly query: Query;
  /** Of the 24 columns; default 4. */
  readonly width?: number;
  readonly limits?: Limits;
  /** What is shown in place of a value. */
  readonly words?: Words;
  /** Shows the name of the series, which says it, and not its value. */
  readonly nameOnly?: boolean;
  /** What is shown when there is nothing; default `–`. */
  readonly none?: string;
  readonly decimals?: number;
}

/** One number as it is now, coloured by its limits. */
export function statPanel(panel: StatPanel): PanelBuilder {
  const { title, unit, query, width = 4, limits, words, nameOnly, none = '–', decimals } = panel;
  const built = new PanelBuilder()
    .title(title)
    .description(descriptionOf(panel))
    .links(runbookLinks(panel))
    .datasource(DATASOURCE)
    .withTarget(prometheusQuery(query, 0, 'now'))
    .unit(unit)
    .span(width)
    .height(4)
    .noValue(none)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .graphMode(BigValueGraphMode.None)
    .textMode(nameOnly === true ? BigValueTextMode.Name : BigValueTextMode.Value)
    .colorMode(limits === undefined && words === undefined ? BigValueColorMode.None : BigValueColorMode.Background)
    .thresholds(thresholdsOf(limits ?? {}));
  if (words !== undefined) built.mappings(wordsOf(words));
  if (decimals !== undefined) built.decimals(decimals);
  return built;
}

import type { DataTransformerConfig, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { DATASOURCE } from '../datasource.ts';
import { descriptionOf, type PanelText, runbookLinks } from '../panel-text.ts';
import { prometheusQuery, type Query, refId } from '../query.ts';
import { type Limits, thresholdsOf } from './limits.ts';
import { type Words, wordsOf } from './words.ts';

/** A column of values: one query, whose legend is the column's title. */
export interface Column extends Query {
  /** A unit of Grafana; default: that of the panel. */
  readonly unit?: string;
  readonly limits?: Limits;
  readonly words?: Words;
  /** The labels of this query say it, and its value says nothing: no column for it. */
  readonly hidden?: boolean;
}

export interface TablePanel extends PanelText {
  readonly unit: string;
  /** The labels that make a row, with their titles; every query has these and no others. */
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
  /** A page that a label leads to. */
  readonly link?: { readonly label: string; readonly title: string; readonly url: string };
  /** Of the 24 columns; default 12. */
  readonly width?: number;
  /** In rows of 30 pixels; default 8. */
  readonly height?: number;
  /** What is shown when there is nothing. */
  readonly none?: string;
}

/** A row for each set of labels as they are now, a column for each query. */
export function tablePanel(panel: TablePanel): PanelBuilder {
  const { title, unit, labels, columns, link, width = 12, height = 8, none = '–' } = panel;
  const built = new PanelBuilder()
    .title(title)
    .description(descriptionOf(panel))
    .links(runbookLinks(panel))
    .datasource(DATASOURCE)
    .targets(columns.map((column, index) => prometheusQuery(column, index, 'rows')))
    .unit(unit)
    .span(width)
    .height(height)
    .noValue(none)
    .filterable(true)
    .transformations(together(labels, columns));
  for (const column of columns.filter(({ hidden }) => hidden !== true)) {
    const properties = propertiesOf(column);
    if (properties.length > 0) built.overrideByName(column.legend, properties);
  }
  if (link !== undefined) {
    const { label, title: text, url } = link;
    built.overrideByName(labels[label] ?? label, [{ id: 'links', value: [{ title: text, url }] }]);
  }
  return built;
}

/** Puts the answers of all queries into one table, and leaves out the times. */
function together(labels: TablePanel['labels'], columns: readonly Column[]): DataTransformerConfig[] {
  // With one query Grafana names its values `Value`, with several `Value #A`, `Value #B`, …
  const nameOf = (index: number) => (columns.length === 1 ? 'Value' : `Value #${refId(index)}`);
  const titles = columns.map(({ legend }, index) => [nameOf(index), legend]);
  const order = [...Object.keys(labels), ...columns.map((_, index) => nameOf(index))];
  const hidden = columns.flatMap((column, index) => (column.hidden === true ? [[nameOf(index), true]] : []));
  return [
    ...(columns.length === 1 ? [] : [{ id: 'merge', options: {} }]),
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true, ...Object.fromEntries(hidden) },
        indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
        renameByName: { ...labels, ...Object.fromEntries(titles) },
      },
    },
  ];
}

function propertiesOf({ unit, limits, words }: Column): DynamicConfigValue[] {
  const colour = { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } };
  return [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(limits === undefined ? [] : [{ id: 'thresholds', value: thresholdsOf(limits).build() }, colour]),
    ...(words === undefined ? [] : [{ id: 'mappings', value: wordsOf(words) }, colour]),
  ];
}

import { TableCellBackgroundDisplayMode, TableCellDisplayMode } from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { DATASOURCE } from '../datasource.ts';
import { descriptionOf, type PanelText, runbookLinks } from '../panel-text.ts';
import { prometheusQuery } from '../query.ts';
import { type Limits, thresholdsOf } from './limits.ts';

export interface MatrixPanel extends PanelText {
  readonly unit: string;
  /** PromQL whose series have the labels `row` and `column`, and no others. */
  readonly expr: string;
  /** The label that makes the rows. */
  readonly row: string;
  /** The label that makes the columns. */
  readonly column: string;
  readonly limits: Limits;
  /** Of the 24 columns; default 8. */
  readonly width?: number;
}

/** A table of everything against everything, as it is now. */
export function matrixPanel(panel: MatrixPanel): PanelBuilder {
  const { title, unit, expr, row, column, limits, width = 8 } = panel;
  return (
    new PanelBuilder()
      .title(title)
      .description(descriptionOf(panel))
      .links(runbookLinks(panel))
      .datasource(DATASOURCE)
      .withTarget(prometheusQuery({ expr, legend: `{{${row}}} to {{${column}}}` }, 0, 'rows'))
      .unit(unit)
      .span(width)
      .height(8)
      .noValue('–')
      .thresholds(thresholdsOf(limits))
      .withTransformation({
        id: 'groupingToMatrix',
        options: { rowField: row, columnField: column, valueField: 'Value', emptyValue: 'null' },
      })
      .cellOptions({ type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic })
      // Grafana's name for the column that holds the names of the rows.
      .overrideByName(`${row}\\${column}`, [{ id: 'custom.cellOptions', value: { type: TableCellDisplayMode.Auto } }])
  );
}

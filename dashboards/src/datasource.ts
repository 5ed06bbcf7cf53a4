import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** The Prometheus that a person has chosen at the top of the page. */
export const DATASOURCE: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

import { DashboardLinkBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { AlertName } from './runbooks.ts';

/** What a panel says of itself. Whoever is woken at night has nothing else to go by. */
export interface PanelText {
  readonly title: string;
  /** What is drawn, in a sentence. */
  readonly shows: string;
  /** What a well cluster looks like here, with numbers. */
  readonly normal: string;
  /** What to do, or where to look next, when it does not look like that. */
  readonly otherwise: string;
  /** The alerts that are about this. */
  readonly alerts?: readonly AlertName[];
}

/** The text behind the (i) of a panel; Grafana reads Markdown there. */
export function descriptionOf({ shows, normal, otherwise }: PanelText): string {
  return `${shows}\n\n**Normal:** ${normal}\n\n**Otherwise:** ${otherwise}`;
}

/** A link to the runbook of each alert; where they lie is a variable of the dashboard. */
export function runbookLinks({ alerts = [] }: PanelText): DashboardLinkBuilder[] {
  return alerts.map((alert) =>
    new DashboardLinkBuilder(`Runbook: ${alert}`).url(`\${runbooks}/${alert}.md`).targetBlank(true),
  );
}

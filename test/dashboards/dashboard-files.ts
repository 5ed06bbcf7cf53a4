import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The folder with the dashboards as people import them. */
export const folder = join(import.meta.dirname, '..', '..', 'dashboards');

const target = z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string(), datasource: z.unknown() });

const panel = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string(),
  description: z.string().default(''),
  datasource: z.unknown().optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z.array(target).default([]),
  links: z.array(z.object({ title: z.string(), url: z.string() })).default([]),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().optional() }) }).optional(),
});

const variable = z.object({
  type: z.string(),
  name: z.string(),
  label: z.string().default(''),
  refresh: z.number().optional(),
  regex: z.string().optional(),
  definition: z.string().optional(),
  query: z.unknown(),
});

const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  editable: z.boolean(),
  schemaVersion: z.number(),
  panels: z.array(panel),
  templating: z.object({ list: z.array(variable) }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string() })) }),
});

/** What the tests look at in a panel. */
export type PanelFile = z.infer<typeof panel>;
/** What the tests look at in a dashboard. */
export type DashboardFile = z.infer<typeof dashboard>;

/** The names of the dashboards' files. */
export function fileNames(): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.json'));
}

/** Every dashboard as it lies in its file; throws where it is not of the form that Grafana takes. */
export function readDashboards(): readonly DashboardFile[] {
  return fileNames().map((name) => dashboard.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
}

/** The panels that show something: all but the headings. */
export function panelsOf({ panels }: DashboardFile): readonly PanelFile[] {
  return panels.filter(({ type }) => type !== 'row');
}

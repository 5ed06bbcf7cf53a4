import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

/** Where the rules and their runbooks are. */
export const alertsFolder = join(import.meta.dirname, '..', '..', 'alerts');

/** The files of rules that are written by hand. */
export const ruleFiles = ['etcd-caretaker.rules.yaml', 'etcd-only.rules.yaml'] as const;

/** Where the runbook_urls of the committed files begin. */
export const runbooksUrl = 'https://etcd-caretaker.example/runbooks';

/** Where the distribution's promtool and amtool are unpacked. */
export const toolsFolder = join(import.meta.dirname, '..', '..', '.tools');

const rule = z.union([
  z.strictObject({ record: z.string(), expr: z.string() }),
  z.strictObject({
    alert: z.string(),
    expr: z.string(),
    for: z.string().optional(),
    labels: z.strictObject({ severity: z.enum(['page', 'ticket', 'none']) }),
    annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
  }),
]);
const groups = z.object({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })) });

type Rule = z.infer<typeof rule>;
/** A rule that fires. */
export type AlertRule = Extract<Rule, { alert: string }>;
/** A group of rules, as Prometheus reads it. */
export type RuleGroup = z.infer<typeof groups>['groups'][number];

/** The groups of a file. Throws where a rule has labels or annotations other than those that all have. */
export function ruleGroups(file: string): readonly RuleGroup[] {
  return groups.parse(parse(readFileSync(join(alertsFolder, file), 'utf8'))).groups;
}

/** The alerts of groups. */
export function alertsOf(all: readonly RuleGroup[]): readonly AlertRule[] {
  return all.flatMap(({ rules }) => rules).filter((each): each is AlertRule => 'alert' in each);
}

import { parse, stringify } from 'yaml';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const duration = /(?:\d+(?:ms|[smhdwy]))+/g;
const inExpression = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\[[^\]]*\]|\boffset\s+-?\s*\w+/g;

/** A duration as Prometheus writes it, divided; at least 1 ms. */
function scaledDuration(text: string, factor: number): string {
  return text.replace(duration, (whole) => {
    const parts = [...whole.matchAll(/(\d+)(ms|[smhdwy])/g)];
    const ms = parts.reduce((sum, [, count, unit = 'ms']) => sum + Number(count) * (unitsMs[unit] ?? Number.NaN), 0);
    return `${Math.max(1, Math.round(ms / factor))}ms`;
  });
}

/** An expression whose ranges, steps of subqueries and offsets are divided. What stands in quotes, and every number, stays. */
export function scaledExpression(expression: string, factor: number): string {
  return expression.replace(inExpression, (found) => (/^["'`]/.test(found) ? found : scaledDuration(found, factor)));
}

interface Rule {
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
}

interface RuleFile {
  readonly groups: readonly { readonly interval?: string; readonly rules: readonly Rule[] }[];
}

/**
 * A file of Prometheus rules with all its durations divided by `factor`: `for`, `keep_firing_for`, the interval of a group, and ranges, steps and
 * offsets in expressions. Nothing else is changed, thresholds in seconds least of all.
 */
export function scaledRules(text: string, factor: number): string {
  const { groups, ...rest } = parse(text) as RuleFile;
  const scaledKeys = <T extends object>(of: T, keys: readonly (keyof T)[]): T =>
    Object.fromEntries(
      Object.entries(of).map(([key, value]) => [
        key,
        keys.includes(key as keyof T) ? scaledDuration(String(value), factor) : value,
      ]),
    ) as T;
  return stringify({
    ...rest,
    groups: groups.map((group) => ({
      ...scaledKeys(group, ['interval']),
      rules: group.rules.map((rule) => ({
        ...scaledKeys(rule, ['for', 'keep_firing_for']),
        expr: scaledExpression(rule.expr, factor),
      })),
    })),
  });
}

/** The waits of Alertmanager's routes. */
const waits: ReadonlySet<string> = new Set(['group_wait', 'group_interval', 'repeat_interval']);

/** A route of Alertmanager, and the routes below it, with their waits divided by `factor`. */
export function scaledRoute(route: unknown, factor: number): unknown {
  if (Array.isArray(route)) return route.map((each) => scaledRoute(each, factor));
  if (typeof route !== 'object' || route === null) return route;
  return Object.fromEntries(
    Object.entries(route).map(([key, value]) => {
      if (waits.has(key)) return [key, scaledDuration(String(value), factor)];
      return [key, key === 'routes' ? scaledRoute(value, factor) : value];
    }),
  );
}

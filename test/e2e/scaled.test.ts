import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scaledExpression, scaledRoute, scaledRules } from './scaled.ts';

describe('rules for a test that has less time', () => {
  it.each([
    ['rate(x[5m])', 'rate(x[15000ms])'],
    ['max_over_time(rate(x[1h])[1d:30s])', 'max_over_time(rate(x[180000ms])[4320000ms:1500ms])'],
    ['x[15m:]', 'x[45000ms:]'],
    ['x[1h30m] offset 1h > 4 * 3600', 'x[270000ms] offset 180000ms > 4 * 3600'],
    ['x offset -20s', 'x offset -1000ms'],
    ['x{a="[5m]", b=~\'[0-9]m offset 5m\'} > 5', 'x{a="[5m]", b=~\'[0-9]m offset 5m\'} > 5'],
    ['a:rate5m > 86400 and b_1h', 'a:rate5m > 86400 and b_1h'],
    ['x[10ms]', 'x[1ms]'],
  ])('%s', (expression, scaled) => {
    expect(scaledExpression(expression, 20)).toBe(scaled);
  });

  it('have all their durations divided, and nothing else', () => {
    const text = `
groups:
  - name: a 5m
    interval: 30s
    rules:
      - record: x:rate5m
        expr: rate(x[5m])
      - alert: A
        expr: y > 300
        for: 1h
        keep_firing_for: 10m
        labels: {severity: page, within: 5m}
        annotations: {summary: 'for 5m'}
`;
    const { groups } = parse(text);
    const [group] = groups;
    const [record, alert] = group.rules;
    expect(parse(scaledRules(text, 60))).toEqual({
      groups: [
        {
          ...group,
          interval: '500ms',
          rules: [
            { ...record, expr: 'rate(x[5000ms])' },
            { ...alert, for: '60000ms', keep_firing_for: '10000ms' },
          ],
        },
      ],
    });
  });

  it('go with routes whose waits are divided too', () => {
    const route = { receiver: 'a', group_wait: '30s', routes: [{ repeat_interval: '4h', matchers: ['x = "5m"'] }] };
    expect(scaledRoute(route, 10)).toEqual({
      receiver: 'a',
      group_wait: '3000ms',
      routes: [{ repeat_interval: '1440000ms', matchers: ['x = "5m"'] }],
    });
  });
});

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertsFolder, ruleGroups, runbooksUrl } from './rules.ts';

const script = join(alertsFolder, '..', 'scripts', 'prometheusrule.mjs');

/** The PrometheusRule as the script makes it of the plain rules now. */
function made(url: string): string {
  return execFileSync(process.execPath, [script, '--runbooks', url], { encoding: 'utf8' });
}

it('the PrometheusRule is current (else: npm run alerts)', () => {
  expect(readFileSync(join(alertsFolder, 'etcd-caretaker.prometheusrule.yaml'), 'utf8')).toBe(made(runbooksUrl));
});

it('it has the same groups as the plain file', () => {
  const { kind, spec } = parse(made(runbooksUrl));
  expect(kind).toBe('PrometheusRule');
  expect(spec.groups).toEqual(ruleGroups('etcd-caretaker.rules.yaml'));
});

it('its runbooks can be anywhere', () => {
  const text = made('https://wiki.example.org/etcd/');
  expect(text).toContain('runbook_url: https://wiki.example.org/etcd/EtcdQuorumLost.md');
  expect(text).not.toContain(runbooksUrl);
});

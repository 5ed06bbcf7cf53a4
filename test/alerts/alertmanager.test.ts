import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { operationNames } from '../../src/cluster/caretaking.ts';
import { reasonCodes } from '../../src/decide/reason-codes.ts';
import { alertsFolder, alertsOf, ruleFiles, ruleGroups, toolsFolder } from './rules.ts';

const amtool = join(toolsFolder, 'alertmanager', 'amtool');
const example = join(alertsFolder, 'alertmanager.example.yaml');
const alerts = ruleFiles.flatMap((file) => alertsOf(ruleGroups(file)));

/** What amtool says, and how it ends. */
function run(...args: readonly string[]): {
  readonly code: number | null;
  readonly said: string;
  readonly answer: string;
} {
  const { status, stdout, stderr, error } = spawnSync(amtool, [...args], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { code: status, said: stdout + stderr, answer: stdout.trim() };
}

it('amtool finds nothing wrong with the example', () => {
  const { code, said } = run('check-config', example);
  expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining('SUCCESS') });
});

it.each([
  ['a page', { alertname: 'EtcdQuorumLost', severity: 'page' }, 'pages'],
  ['a page of the agents themselves', { alertname: 'EtcdCaretakerPage', severity: 'critical' }, 'pages'],
  [
    'what the agents ask for one member',
    { alertname: 'EtcdCaretakerPage', severity: 'critical', operation: 'replace', reason: 'NO_REPLACEMENT' },
    'tickets',
  ],
  [
    'what the agents ask for the data',
    { alertname: 'EtcdCaretakerPage', severity: 'critical', operation: 'replace', reason: 'NO_MAJORITY' },
    'pages',
  ],
  ['an operation that failed', { alertname: 'EtcdCaretakerOperationEnded', severity: 'critical' }, 'tickets'],
  ['an open breaker', { alertname: 'EtcdCaretakerBreakerOpen', severity: 'critical' }, 'tickets'],
  ['backups that fail', { alertname: 'EtcdCaretakerPage', severity: 'critical', operation: 'snapshot' }, 'tickets'],
  ['a ticket', { alertname: 'EtcdMemberDown', severity: 'ticket' }, 'tickets'],
  ['a warning of the agents themselves', { alertname: 'EtcdCaretakerPaused', severity: 'warning' }, 'tickets'],
  ['an operation of the agents', { alertname: 'EtcdCaretakerOperation', severity: 'info' }, 'nobody'],
  ['the heartbeat', { alertname: 'EtcdAlertsHeartbeat', severity: 'none' }, 'dead-mans-switch'],
  ['what only inhibits', { alertname: 'EtcdDefragmenting', severity: 'none' }, 'nobody'],
])('%s reaches who it is for', (_, labels, receiver) => {
  const given = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  expect(run('config', 'routes', 'test', `--config.file=${example}`, ...given).answer).toBe(receiver);
});

it('the example and the rules agree on what is about one member only', () => {
  const expr = alerts.find(({ alert }) => alert === 'EtcdMemberNeedsPerson')?.expr ?? '';
  const held = alerts.find(({ alert }) => alert === 'EtcdHealingHeld')?.expr ?? '';
  const text = readFileSync(example, 'utf8');
  const policies = /policy=~"([^"]+)"/.exec(expr)?.[1] ?? '';
  const reasons = /reason!~"BREAKER_OPEN\|([^"]+)"/.exec(expr)?.[1] ?? '';
  expect(text).toContain(`operation=~"${policies}"`);
  expect(text).toContain(`reason!~"${reasons}"`);
  expect(held).toContain(`policy=~"${policies}", reason=~"${reasons}"`);
  expect(policies.split('|').filter((name) => !operationNames.some((each) => each === name))).toEqual([]);
  expect(reasons.split('|').filter((code) => !(code in reasonCodes))).toEqual([]);
});

it('inhibition names only alerts that exist', () => {
  const { inhibit_rules: rules } = parse(readFileSync(example, 'utf8'));
  const names = JSON.stringify(rules).match(/Etcd[A-Z]\w+/g) ?? [];
  const own = new Set(['EtcdCaretakerRecovery']);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !own.has(name) && !alerts.some(({ alert }) => alert === name))).toEqual([]);
});

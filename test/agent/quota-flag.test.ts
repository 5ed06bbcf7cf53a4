import { expect, test } from 'vitest';
import { quotaFlagBytes } from '../../src/agent/quota-flag.ts';

const processOf = (settings: Record<string, string>, settingsIncomplete = false) => ({
  pid: 1,
  foundBy: 'data-dir' as const,
  startedAtMs: 0,
  cpuSeconds: 0,
  residentBytes: 1,
  settings,
  ...(settingsIncomplete ? { settingsIncomplete } : {}),
});

test.each([
  ['an etcd that is not found', undefined, undefined],
  ['an etcd all of whose settings are known and name none', processOf({}), 0],
  ['a flag', processOf({ 'quota-backend-bytes': '64' }), 64],
  ['an etcd whose environment may name one', processOf({}, true), undefined],
  ['a flag beside an environment that cannot be read', processOf({ 'quota-backend-bytes': '64' }, true), 64],
  [
    'a flag beside a configuration file that cannot be read, for which etcd ignores it',
    processOf({ 'config-file': '/etc/etcd.yaml', 'quota-backend-bytes': '64' }, true),
    undefined,
  ],
])('the quota from the settings of %s is no guess', (_, process, bytes) => {
  expect(quotaFlagBytes(process)).toBe(bytes);
});
